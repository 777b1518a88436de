// What people can see: readiness, bounds, and no secret anywhere.
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/records.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <string>

namespace relay::sim {

namespace {

/// Readiness tells the truth about the connection.
class readiness final : public rule {
public:
  explicit readiness(checker& at) : rule(at, "readiness") {}
  void life_begins(std::uint64_t) override {
    last_ = socket_ = other_ = 0;
    served_until_ = long_ago;
    agent_died_ = long_ago;
  }
  void noted(severity, std::string_view id, std::string_view fields) override {
    if (id == "child.down" && fields.find("child=agent ") != std::string_view::npos) agent_died_ = now();
  }
  void dialled(std::uint64_t socket, const dial_request&) override {
    auto& before = checker_.notes().sockets[socket_];
    if (before.described) served_until_ = before.is_over ? before.over : now();
    other_ = before.is_over || before.dropped ? 0 : socket_;
    socket_ = socket;
  }
  void reported(const gateway_report& x) override {
    ++last_;
    constexpr usec inside{3'000'000};
    auto& notes = checker_.notes();
    ready_ = x.ready && x.link.phase == link_phase::connected;
    busy_ = x.inbound.pending + x.inbound.in_flight + x.egress.pending;
    phase_ = std::string{to_string(x.link.phase)} + " " + x.link.reason;
    if (notes.suspended_until + inside > now()) return;
    // Of two dials at once the gateway drops one, which may be the later.
    auto& dropped = notes.sockets[socket_];
    auto number = dropped.dropped && !dropped.described && other_ != 0 ? other_ : socket_;
    auto& s = notes.sockets[number];
    auto serves = number != 0 && s.described && !s.is_over && !s.dropped;
    auto long_over = number == 0 || (s.is_over && s.over + inside < now());
    // A dial at once does not shorten the time in which the end gets round.
    auto getting_round = served_until_ + inside >= now();
    if (ready_ && (long_over || (!s.described && !s.doubtful && !getting_round)))
      fail("ready without a connection: " + phase_);
    auto down = x.link.phase == link_phase::waiting || x.link.phase == link_phase::starting ||
                x.link.phase == link_phase::connecting || x.link.phase == link_phase::off;
    if (serves && down && !s.doubtful && s.served + inside < now() && x.link.phase != link_phase::waiting)
      fail("serving and not ready: " + phase_);
    auto good = x.link.phase == link_phase::connected || x.link.phase == link_phase::dormant;
    if (x.ready != (good && x.store.ok && x.store.room && !x.agent_missing))
      fail("ready is " + std::to_string(x.ready) + " in phase " + phase_);
    constexpr usec longest_restart{60'000'000};
    if (x.agent_missing && agent_died_ + longest_restart < now()) fail("no agent, although none died");
  }
  std::string unsettled() override {
    if (last_ == 0) return "no report yet";
    if (!ready_) return "not connected: " + phase_;
    return busy_ == 0 ? std::string{} : std::to_string(busy_) + " events or actions are still open";
  }

private:
  static constexpr usec long_ago{-10'000'000};
  usec served_until_{long_ago}; ///< the connection before this one
  usec agent_died_{long_ago};   ///< the part of the gateway that is the agent, or speaks for all of them
  std::uint64_t last_ = 0, socket_ = 0, busy_ = 0;
  std::uint64_t other_ = 0; ///< that was neither over nor dropped when `socket_` was dialled
  bool ready_ = false;
  std::string phase_;
};

/// What is left of a nearly full disk is for what makes room on it.
class headroom final : public rule {
public:
  explicit headroom(checker& at) : rule(at, "headroom") {}
  void life_begins(std::uint64_t) override {
    stopping_ = false;
    known_from_ = std::max(known_from_, now());
  }
  void commanded(command x) override { stopping_ = stopping_ || x == command::drain; }
  void store_scarce(bool on) override {
    if (on && !scarce_) known_from_ = now();
    scarce_ = on;
  }
  void store_given(const store_record& x) override {
    constexpr usec inside{2'000'000};
    auto* taken = std::get_if<event_taken>(&x);
    // One without keys may be a dead letter that somebody wants tried again. An ordered stop keeps what it
    // has.
    if (!taken || !scarce_ || stopping_ || taken->what.keys.empty()) return;
    if (now() > std::max(known_from_, checker_.notes().suspended_until) + inside)
      fail("a further event for a disk that is nearly full");
  }

private:
  bool scarce_ = false, stopping_ = false;
  usec known_from_{0};
};

/// Every queue and map has a bound.
class bounds final : public rule {
public:
  explicit bounds(checker& at) : rule(at, "bounds") {}
  void settings_changed(const config::settings& x) override { limits_ = x.limits; }
  void event_read(std::uint64_t, const std::string&, std::uint64_t) override {
    worst_ = std::max(worst_, ++burst_);
  }
  void altered_read(std::uint64_t, const frame_view&) override { worst_ = std::max(worst_, ++burst_); }
  void at_rest() override { burst_ = 0; }
  void reported(const gateway_report& x) override {
    constexpr std::uint64_t just_asked = 4; // whether they are idle, and have not said so yet
    // What one burst brought before anybody inside could stop the reader comes on top, and what is on disk or
    // was among the dead letters: that stops nobody, for it is bounded by itself.
    look("pending events", x.inbound.pending, 2 * limits_.max_pending + worst_ + on_disk() + retried());
    look("pending actions", x.egress.pending, limits_.max_pending);
    look("routes", x.egress.routes, limits_.max_chats);
    look("chats", x.egress.chats, limits_.max_chats + x.egress.pending + just_asked); // busy ones stay
    look("remembered keys", x.inbound.remembered, limits_.dedupe_entries + 3 * x.inbound.pending);
    look("recorded requests", x.egress.recorded, limits_.dedupe_entries + x.egress.pending);
  }

private:
  /// Events that may be in memory although the disk has them.
  std::uint64_t on_disk() const {
    auto& events = checker_.notes().events;
    auto open = std::count_if(events.begin(), events.end(), [&](auto& x) {
      auto taken = std::any_of(x.second.deliveries.begin(), x.second.deliveries.end(),
                               [](auto& y) { return y.acked; });
      return checker_.durably_taken(x.first) && !taken;
    });
    return std::min<std::uint64_t>(static_cast<std::uint64_t>(open), limits_.max_in_memory);
  }
  /// Without a disk: dead letters that an operator has made events again.
  std::uint64_t retried() const {
    if (checker_.what().durable) return 0;
    auto& events = checker_.notes().events;
    return static_cast<std::uint64_t>(std::count_if(events.begin(), events.end(), [](auto& x) {
      auto& given = x.second.deliveries;
      return x.second.retried_at > usec{0} &&
             std::none_of(given.begin(), given.end(), [](auto& y) { return y.acked; });
    }));
  }
  void look(const char* what, std::uint64_t is, std::uint64_t most) {
    if (is > most)
      fail(std::string{what} + ": " + std::to_string(is) + " where " + std::to_string(most) + " may be");
  }
  config::limits limits_;
  std::uint64_t burst_ = 0, worst_ = 0;
};

/// No secret is in anything that a person, an agent or the connector's socket gets to see.
class secrecy final : public rule {
public:
  explicit secrecy(checker& at) : rule(at, "secrecy") {
    auto& p = at.what();
    fixed_ = {p.pinned_secret, p.identity_token, p.client_secret};
  }
  void settings_changed(const config::settings& x) override {
    fixed_.insert(x.relay.gateway_secret.reveal());
  }
  void dialled(std::uint64_t, const dial_request& x) override { token(x.bearer.reveal()); }
  void called(std::uint64_t, const http_request& x) override { token(x.bearer.reveal()); }
  void answered(std::uint64_t, const http_response& x) override {
    json_text body{x.body.reveal()};
    for (auto* name : {"secret", "deliveryKey", "access_token", "refresh_token"})
      if (auto key = text(body.root(), name); !key.empty()) fixed_.insert(key);
  }
  void file_written(const std::string&, std::string_view written, bool) override {
    json_text store{written};
    auto& login = member(member(store.root(), "providers"), "nous");
    for (auto* name : {"access_token", "refresh_token"})
      if (auto key = text(login, name); !key.empty()) fixed_.insert(key);
  }
  void noted(severity, std::string_view id, std::string_view fields) override {
    look(fields, "note " + std::string{id});
  }
  void link_wrote(std::uint64_t, const frame_view& x) override { look(x.text, "a frame to the connector"); }
  void agent_wrote(std::uint64_t, const frame_view& x) override { look(x.text, "a frame to an agent"); }
  void reported(const gateway_report& x) override {
    look(x.link.reason, "the reason in the status");
    for (auto& y : x.platforms) {
      look(y.provisioning.error, "the status of provisioning");
      look(y.policy.error, "the status of a policy");
    }
  }

private:
  void token(const std::string& x) {
    constexpr std::size_t most = 6;
    if (x.empty() || fixed_.count(x) > 0) return;
    tokens_.push_back(x);
    if (tokens_.size() > most) tokens_.pop_front();
  }
  void look(std::string_view at, const std::string& where) {
    for (auto& x : fixed_)
      if (!x.empty() && at.find(x) != std::string_view::npos) fail("a secret in " + where);
    for (auto& x : tokens_)
      if (at.find(x) != std::string_view::npos) fail("a token in " + where);
  }
  std::set<std::string> fixed_;
  std::deque<std::string> tokens_;
};

} // namespace

void add_health_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<readiness>(at));
  to.push_back(std::make_unique<headroom>(at));
  to.push_back(std::make_unique<bounds>(at));
  to.push_back(std::make_unique<secrecy>(at));
}

} // namespace relay::sim
