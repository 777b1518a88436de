// What agents may rely on beside each other (agent-link.md, Promises): whose death it was, who gets what was
// not acked, whose request id it is, and who hears of a stop.
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace relay::sim {

namespace {

/// An event is set aside only after it failed often enough by itself: it was not acked in time, or its agent
/// died while it was the only suspect. Suspects are given out one at a time.
class blame final : public rule {
public:
  explicit blame(checker& at) : rule(at, "blame") {}
  void life_begins(std::uint64_t) override { forget(); }
  void actor_killed(const std::string&) override { forget(); }
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto id = text(frame.root, "delivery_id");
    // Its ack was on its way when it was given out again: nobody is blamed for it any more.
    if (auto ack = acked_.find(id); ack != acked_.end() && now() < ack->second + slack) return;
    auto [it, first] = seen_.try_emplace(id);
    auto& x = it->second;
    // What an earlier part of the gateway knew of it is not known here.
    if (first) x.known = !flag(frame.root, "redelivered");
    if (first) x.counted = missed_unseen(id);
    if (!first) x.counted += untaken(x); // it comes again although its agent lives
    x.crossed = x.suspect && now() < x.died + slack && now() + slack >= x.at + ack_timeout();
    auto given = given_.find(id);
    x.given = given != given_.end() ? given->second : now();
    if (x.suspect && !x.crossed) alone(id, x.given);
    x.peer = peer;
    x.at = now();
  }
  void agent_read(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "ack") return;
    auto id = text(frame.root, "delivery_id");
    if (seen_.erase(id) > 0) acked_[std::move(id)] = now();
  }
  void agent_ended(std::uint64_t peer) override {
    auto out = std::count_if(seen_.begin(), seen_.end(), [&](auto& y) { return y.second.peer == peer; });
    for (auto& [id, x] : seen_) {
      if (x.peer != peer) continue;
      if (x.suspect || out == 1) ++x.counted;
      x.suspect = true;
      x.died = now();
      x.peer = 0;
    }
  }
  void noted(severity, std::string_view id, std::string_view fields) override {
    if (id != "event.dead_letter" && id != "event.delivered") return;
    auto from = fields.find("delivery=");
    if (from == std::string_view::npos) return;
    auto rest = fields.substr(from + 9);
    std::string name{rest.substr(0, rest.find(' '))};
    if (id == "event.delivered") {
      given_[std::move(name)] = now();
      return;
    }
    auto it = seen_.find(name);
    if (it == seen_.end()) return;
    auto x = it->second;
    x.counted += untaken(x); // nobody acked it
    auto most = checker_.what().settings.limits.agent_max_deliveries;
    if (x.known && x.counted < most)
      fail(it->first + " is set aside after it failed " + std::to_string(x.counted) + " times by itself");
    seen_.erase(it);
  }

private:
  struct state {
    std::uint64_t peer = 0, counted = 0;
    bool suspect = false, known = false;
    bool crossed = false; ///< given out again for its missed ack, beside the news of its agent's death
    usec at{0}, died{0};
    usec given{0}; ///< out; a child that hangs reads it later, beside what was given out after its missed ack
  };
  usec ack_timeout() const { return usec{checker_.what().settings.limits.agent_ack_timeout}; }
  /// Missed acks since it was last given out. An agent that hangs, or is gone while the gateway stands still,
  /// does not see each attempt: those take their time.
  std::uint64_t untaken(const state& x) const {
    constexpr usec at_most{1'000'000}; // between its being given out and its being written
    auto times = static_cast<std::uint64_t>((now() + at_most - x.at) / ack_timeout());
    return std::max<std::uint64_t>(times, x.peer != 0 ? 1 : 0);
  }
  /// Missed acks before anybody saw it: a child that hangs reads nothing, and gets what it could not take
  /// when it wakes.
  std::uint64_t missed_unseen(const std::string& id) {
    if (checker_.what().agent != agent_choice::exec) return 0;
    auto* event = checker_.notes().by_delivery(id);
    if (!event || event->reads.empty()) return 0;
    return static_cast<std::uint64_t>((now() - event->reads.front().at) / ack_timeout());
  }
  void forget() {
    seen_.clear();
    acked_.clear();
    given_.clear();
  }
  static constexpr usec slack{2'000'000}; // between its being given out and its being written
  void alone(const std::string& id, usec given) {
    for (auto& [other, y] : seen_)
      if (other != id && y.suspect && y.peer != 0 && !y.crossed && given + slack < y.given + ack_timeout())
        fail(id + " is given out beside another suspect, " + other);
  }
  std::map<std::string, state> seen_; ///< by delivery
  std::map<std::string, usec> acked_; ///< of these
  std::map<std::string, usec> given_; ///< likewise, when it was given out last
};

/// After a missed ack an event goes to an agent that has not missed one of it, if there is one.
class moves final : public rule {
public:
  explicit moves(checker& at) : rule(at, "moves") {}
  void life_begins(std::uint64_t) override { forget(); }
  void actor_killed(const std::string&) override {
    seen_.clear();
    killed_ = now();
  }
  void agent_attached(std::uint64_t peer) override { there_.emplace(peer, now()); }
  void agent_ended(std::uint64_t peer) override {
    there_.erase(peer);
    for (auto& [id, x] : seen_)
      if (x.peer == peer) x.peer = 0;
  }
  void agent_read(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") == "ack") seen_.erase(text(frame.root, "delivery_id"));
  }
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto id = text(frame.root, "delivery_id");
    auto [it, first] = seen_.try_emplace(id);
    auto& x = it->second;
    // What a part of the gateway gave out before it died may be written after that.
    constexpr usec on_its_way{1'000'000};
    if (first) x.known = !flag(frame.root, "redelivered") && now() > killed_ + on_its_way;
    // What comes again at once was on its way when a part of the gateway died.
    usec ack_timeout = checker_.what().settings.limits.agent_ack_timeout;
    if (x.peer != 0 && now() < x.at + ack_timeout / 2) x.known = false;
    if (x.peer != 0) {
      x.missed.insert(x.peer);
      auto other = std::any_of(there_.begin(), there_.end(),
                               [&](auto& y) { return y.second < x.at && x.missed.count(y.first) == 0; });
      if (x.known && other && peer == x.peer)
        fail(id + " was not acked and stays with its agent beside a healthy one");
      if (peer == x.peer) x.missed.clear(); // everybody had it
    }
    x.peer = peer;
    x.at = now();
  }

private:
  struct state {
    std::uint64_t peer = 0;
    usec at{0};
    bool known = false; ///< from its first delivery on, by the same parts of the gateway
    std::set<std::uint64_t> missed;
  };
  void forget() {
    seen_.clear();
    there_.clear();
  }
  std::map<std::string, state> seen_; ///< by delivery
  std::map<std::uint64_t, usec> there_;
  usec killed_{-10'000'000}; ///< when a part of the gateway died last
};

/// No agent here uses an id for two actions, so none is told that it did: others' ids are not its own.
class own_ids final : public rule {
public:
  explicit own_ids(checker& at) : rule(at, "own-ids") {}
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") == "result" &&
        text(member(frame.root, "result"), "code") == "request_id_conflict")
      fail(text(frame.root, "request_id") + " is told to be another action's");
  }
};

/// A user who stops a turn is heard at once by some agent, if one was there to be stopped.
class interrupts final : public rule {
public:
  explicit interrupts(checker& at) : rule(at, "interrupts") {}
  void link_read(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "interrupt_inbound") return;
    auto session = text(frame.root, "session_key");
    auto ended = ended_until_.find(holder_of(session));
    if (ended != ended_until_.end() && now() < ended->second) return;
    open_.try_emplace(std::move(session), asked{now(), checker_.notes().peers});
  }
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    auto type = text(frame.root, "type");
    if (type == "interrupt") open_.erase(text(frame.root, "session_key"));
    if (type == "inbound") holders_[text(frame.root, "session_key")] = peer;
  }
  void agent_ended(std::uint64_t peer) override {
    // Whose turn it was has nothing to stop any more, also when the gateway heard of its end only later.
    constexpr usec heard{1'000'000};
    for (auto it = open_.begin(); it != open_.end();)
      it = holder_of(it->first) == peer ? open_.erase(it) : std::next(it);
    ended_until_[peer] = now() + heard;
  }
  void at_rest() override {
    auto& notes = checker_.notes();
    constexpr usec restart{15'000'000};
    for (auto& [session, x] : open_) {
      auto stayed =
          std::any_of(x.peers.begin(), x.peers.end(), [&](auto y) { return notes.peers.count(y) > 0; });
      if (stayed && !notes.lost_since(x.at - restart)) fail("no agent hears of the stop of " + session);
    }
    open_.clear();
  }

private:
  struct asked {
    usec at{0};
    std::set<std::uint64_t> peers; ///< attached then: one that comes later has nothing to stop
  };
  std::uint64_t holder_of(const std::string& session) const {
    auto it = holders_.find(session);
    return it == holders_.end() ? 0 : it->second;
  }
  std::map<std::string, asked> open_;
  std::map<std::string, std::uint64_t> holders_; ///< who got an event of a session last
  std::map<std::uint64_t, usec> ended_until_;    ///< agents that ended, and when that is known at the latest
};

} // namespace

void add_agent_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<blame>(at));
  to.push_back(std::make_unique<moves>(at));
  to.push_back(std::make_unique<own_ids>(at));
  to.push_back(std::make_unique<interrupts>(at));
}

} // namespace relay::sim
