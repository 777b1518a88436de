// What agents may rely on beside each other (agent-link.md, Promises): whose death it was, who gets what was
// not acked, and whose request id it is.
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
    if (x.suspect && !x.crossed) alone(id);
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
    if (id != "event.dead_letter") return;
    auto from = fields.find("delivery=");
    if (from == std::string_view::npos) return;
    auto name = fields.substr(from + 9);
    auto it = seen_.find(std::string{name.substr(0, name.find(' '))});
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
  }
  static constexpr usec slack{2'000'000}; // between its being given out and its being written
  void alone(const std::string& id) {
    for (auto& [other, y] : seen_)
      if (other != id && y.suspect && y.peer != 0 && !y.crossed && now() + slack < y.at + ack_timeout())
        fail(id + " is given out beside another suspect, " + other);
  }
  std::map<std::string, state> seen_; ///< by delivery
  std::map<std::string, usec> acked_; ///< of these
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

} // namespace

void add_agent_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<blame>(at));
  to.push_back(std::make_unique<moves>(at));
  to.push_back(std::make_unique<own_ids>(at));
}

} // namespace relay::sim
