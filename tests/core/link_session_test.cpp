#include "actors/core/link_session.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace relay::core {
namespace {

using namespace std::chrono_literals;

const char* to_string(link_order::kind_t x) {
  switch (x) {
  case link_order::dial: return "dial";
  case link_order::hang_up: return "hang_up";
  case link_order::close: return "close";
  case link_order::announce: return "announce";
  case link_order::up: return "up";
  case link_order::down: return "down";
  case link_order::drained: return "drained";
  }
  return "?";
}

/// "down dial:backoff"
std::string words(const link_orders& all) {
  std::string out;
  for (auto& x : all) {
    if (!out.empty()) out += ' ';
    out += to_string(x.kind);
    if (x.kind == link_order::dial) out += std::string{":"} + core::to_string(x.cause);
  }
  return out;
}

const ending network{0, {}, 0, "connection reset"};
const ending refused{4401, "bad token", 0, "closed with 4401"};
const ending refused_upgrade{0, {}, 401, "the upgrade was answered with 401"};
const time_gap an_hour{1h, 0ms};
const time_gap thawed{0ms, 1h}; ///< frozen for an hour, with the steady clock running
const ending expired{4401, "expired", 0, "closed with 4401"};
const ending refused_aged{4401, "bad token", 0, "closed with 4401", true};
const ending restarting{1012, {}, 0, "closed with 1012"};

/// A session with a clock: what each call ordered, in words.
struct driver {
  link_session s{link_rules{}};
  instant now{1h};
  std::uint64_t random = 0; ///< 0 draws the shortest delay

  std::string changed() { return words(s.target_changed(now)); }
  std::string gone() { return words(s.target_gone(now)); }
  std::string described() { return words(s.described(s.epoch(), now)); }
  std::string acked() { return words(s.idle_acked(s.epoch(), now)); }
  std::string ended(const ending& why = network) { return words(s.ended(s.epoch(), why, now, random)); }
  std::string drain() { return words(s.drain(now)); }
  std::string dormant(milliseconds hold = 0ms) { return words(s.go_dormant(now, hold)); }
  std::string resumed(const time_gap& gap = an_hour) { return words(s.resumed(gap, now)); }
  std::string wake() { return words(s.wake(now)); }
  std::string reconnect() { return words(s.reconnect(now)); }
  std::string finish() { return words(s.finish(now)); }
  std::string timer() { return words(s.timer(now, random)); }
  /// Lets the deadline pass.
  std::string due() {
    if (s.due()) now = std::max(now, *s.due());
    return timer();
  }
  milliseconds delay() const { return std::chrono::duration_cast<milliseconds>(*s.due() - now); }

  driver& serve() {
    changed();
    described();
    return *this;
  }
  /// Refused at once after service, and again on the fresh token.
  driver& revoke() {
    serve();
    ended(refused);
    ended(refused);
    return *this;
  }
  driver& sleep(milliseconds hold = 0ms) {
    serve();
    dormant(hold);
    acked();
    ended();
    return *this;
  }
};

// -- the table: every state, every event ------------------------------------------------------------

struct event_row {
  const char* name;
  std::string (*fire)(driver&);
};
const std::vector<event_row> events{
    {"changed", [](driver& d) { return d.changed(); }},
    {"gone", [](driver& d) { return d.gone(); }},
    {"opened", [](driver& d) { return words(d.s.opened(d.s.epoch(), d.now)); }},
    {"described", [](driver& d) { return d.described(); }},
    {"acked", [](driver& d) { return d.acked(); }},
    {"ended", [](driver& d) { return d.ended(); }},
    {"refused", [](driver& d) { return d.ended(refused); }},
    {"restarting", [](driver& d) { return d.ended(restarting); }},
    {"timer", [](driver& d) { return d.due(); }},
    {"drain", [](driver& d) { return d.drain(); }},
    {"dormant", [](driver& d) { return d.dormant(); }},
    {"wake", [](driver& d) { return d.wake(); }},
    {"reconnect", [](driver& d) { return d.reconnect(); }},
    {"held dormant", [](driver& d) { return d.dormant(20s); }},
    {"resumed", [](driver& d) { return d.resumed(); }},
    {"thawed", [](driver& d) { return d.resumed(thawed); }},
    {"finish", [](driver& d) { return d.finish(); }},
};

struct state_row {
  const char* name;
  link_state state;
  void (*reach)(driver&);
  /// Orders and next state of every event that does anything.
  std::map<std::string, std::string> moves;
};
const std::vector<state_row> states{
    {"idle",
     link_state::idle,
     [](driver&) {},
     {{"changed", "dial:start > dialling"}, {"drain", "drained > stopped"}, {"finish", "> stopped"}}},
    {"waiting",
     link_state::waiting,
     [](driver& d) { d.changed(), d.ended(); },
     {{"changed", "dial:reconnect > dialling"},
      {"gone", "> idle"},
      {"timer", "dial:backoff > dialling"},
      {"drain", "drained > stopped"},
      {"wake", "dial:wake > dialling"},
      {"reconnect", "dial:reconnect > dialling"},
      {"resumed", "dial:resumed > dialling"},
      {"finish", "> stopped"}}},
    {"dialling",
     link_state::dialling,
     [](driver& d) { d.changed(); },
     {{"changed", "hang_up > closing"},
      {"gone", "hang_up > closing"},
      {"described", "up > serving"},
      {"ended", "> waiting"},
      {"refused", "> waiting"},
      {"restarting", "> waiting"},
      {"timer", "hang_up > dialling"},
      {"resumed", "hang_up > closing"},
      {"drain", "hang_up drained > stopped"},
      {"finish", "hang_up > stopped"}}},
    {"dialling, timed out",
     link_state::dialling,
     [](driver& d) { d.changed(), d.due(); },
     {{"changed", "hang_up > closing"},
      {"gone", "hang_up > closing"},
      {"ended", "> waiting"},
      {"refused", "> waiting"},
      {"restarting", "> waiting"},
      {"timer", "hang_up > waiting"},
      {"drain", "hang_up drained > stopped"},
      {"finish", "hang_up > stopped"}}},
    {"serving",
     link_state::serving,
     [](driver& d) { d.serve(); },
     {{"changed", "down close > closing"},
      {"gone", "down close > closing"},
      {"ended", "down > waiting"},
      {"refused", "down dial:fresh_token > dialling"},
      {"restarting", "down > waiting"},
      {"drain", "announce > quiescing"},
      {"dormant", "announce > quiescing"},
      {"held dormant", "announce > quiescing"},
      {"resumed", "down close > closing"},
      {"reconnect", "down close > closing"},
      {"finish", "down close > closing"}}},
    {"quiescing for a drain",
     link_state::quiescing,
     [](driver& d) { d.serve().drain(); },
     {{"acked", "drained > quiet"},
      {"ended", "down drained > stopped"},
      {"refused", "down drained > stopped"},
      {"restarting", "down drained > stopped"},
      {"timer", "drained > quiet"},
      {"finish", "down close > closing"}}},
    {"quiescing for dormancy",
     link_state::quiescing,
     [](driver& d) { d.serve().dormant(); },
     {{"changed", "down close > closing"},
      {"gone", "down close > closing"},
      {"acked", "down close > closing"},
      {"ended", "down > waiting"},
      {"refused", "down dial:fresh_token > dialling"},
      {"restarting", "down > waiting"},
      {"timer", "> serving"},
      {"resumed", "down close > closing"},
      {"reconnect", "down close > closing"},
      {"finish", "down close > closing"}}},
    {"quiet",
     link_state::quiet,
     [](driver& d) { d.serve().drain(), d.acked(); },
     {{"ended", "down > stopped"},
      {"refused", "down > stopped"},
      {"restarting", "down > stopped"},
      {"finish", "down close > closing"}}},
    {"closing to redial",
     link_state::closing,
     [](driver& d) { d.serve().reconnect(); },
     {{"ended", "dial:reconnect > dialling"},
      {"refused", "dial:reconnect > dialling"},
      {"restarting", "dial:reconnect > dialling"},
      {"timer", "hang_up dial:reconnect > dialling"},
      {"drain", "drained > closing"}}},
    {"closing to sleep",
     link_state::closing,
     [](driver& d) { d.serve().dormant(), d.acked(); },
     {{"ended", "> dormant"},
      {"refused", "> dormant"},
      {"restarting", "> dormant"},
      {"timer", "hang_up > dormant"},
      {"drain", "drained > closing"}}},
    {"closing to rest",
     link_state::closing,
     [](driver& d) { d.serve().gone(); },
     {{"ended", "> idle"},
      {"refused", "> idle"},
      {"restarting", "> idle"},
      {"timer", "hang_up > idle"},
      {"drain", "drained > closing"}}},
    {"closing to stop",
     link_state::closing,
     [](driver& d) { d.serve().finish(); },
     {{"ended", "> stopped"},
      {"refused", "> stopped"},
      {"restarting", "> stopped"},
      {"timer", "hang_up > stopped"}}},
    {"dormant",
     link_state::dormant,
     [](driver& d) { d.sleep(); },
     {{"gone", "> idle"},
      {"timer", "dial:dormant > dialling"},
      {"drain", "drained > stopped"},
      {"wake", "dial:wake > dialling"},
      {"reconnect", "dial:reconnect > dialling"},
      {"resumed", "dial:resumed > dialling"},
      {"finish", "> stopped"}}},
    {"dormant, held",
     link_state::dormant,
     [](driver& d) { d.sleep(20s); },
     {{"gone", "> idle"},
      {"timer", "dial:hold_over > dialling"},
      {"drain", "drained > stopped"},
      {"wake", "dial:wake > dialling"},
      {"reconnect", "dial:reconnect > dialling"},
      {"resumed", "dial:resumed > dialling"},
      {"thawed", "dial:resumed > dialling"},
      {"finish", "> stopped"}}},
    {"disabled",
     link_state::disabled,
     [](driver& d) { d.revoke(); },
     {{"changed", "dial:start > dialling"},
      {"gone", "> idle"},
      {"drain", "drained > stopped"},
      {"finish", "> stopped"}}},
    {"stopped", link_state::stopped, [](driver& d) { d.drain(); }, {}},
};

TEST(LinkSessionTable, EveryEventInEveryState) {
  std::set<link_state> seen;
  for (auto& row : states) {
    seen.insert(row.state);
    auto used = std::size_t{0};
    for (auto& event : events) {
      driver d;
      row.reach(d);
      ASSERT_EQ(d.s.state(), row.state) << row.name;
      auto orders = event.fire(d);
      auto got = (orders.empty() ? "" : orders + " ") + "> " + core::to_string(d.s.state());
      auto move = row.moves.find(event.name);
      if (move != row.moves.end()) ++used;
      auto want = move != row.moves.end() ? move->second : std::string{"> "} + core::to_string(row.state);
      EXPECT_EQ(got, want) << "event '" << event.name << "' in state '" << row.name << "'";
    }
    EXPECT_EQ(used, row.moves.size()) << "a move of an event that does not exist, in " << row.name;
  }
  EXPECT_EQ(seen.size(), link_state_count);
}

TEST(LinkSessionTable, F7_AStaleEpochChangesNothingInAnyState) {
  for (auto& row : states) {
    driver d;
    row.reach(d);
    auto due = d.s.due();
    auto reason = d.s.reason();
    for (auto epoch : {d.s.epoch() + 1, d.s.epoch() - 1}) {
      EXPECT_EQ(words(d.s.opened(epoch, d.now)), "");
      EXPECT_EQ(words(d.s.described(epoch, d.now)), "");
      EXPECT_EQ(words(d.s.idle_acked(epoch, d.now)), "");
      EXPECT_EQ(words(d.s.ended(epoch, refused, d.now, 0)), "");
    }
    EXPECT_EQ(d.s.state(), row.state) << row.name;
    EXPECT_EQ(d.s.due(), due) << row.name;
    EXPECT_EQ(d.s.reason(), reason) << row.name;
    EXPECT_EQ(d.s.stale(), 8U) << row.name;
  }
}

TEST(LinkSessionTable, AnEarlyTimerIsHarmlessInEveryState) {
  for (auto& row : states) {
    driver d;
    row.reach(d);
    auto due = d.s.due();
    if (due) d.now = *due - 1ms;
    EXPECT_EQ(d.timer(), "") << row.name;
    EXPECT_EQ(d.s.state(), row.state) << row.name;
    EXPECT_EQ(d.s.due(), due) << row.name;
  }
}

TEST(LinkSessionTable, ADeadlineExactlyWhereSomethingIsAwaited) {
  const std::set<link_state> with{link_state::waiting, link_state::dialling, link_state::quiescing,
                                  link_state::closing, link_state::dormant};
  for (auto& row : states) {
    driver d;
    row.reach(d);
    EXPECT_EQ(d.s.due().has_value(), with.count(row.state) > 0) << row.name;
  }
}

TEST(LinkSessionTable, ANameForEveryStateAndCause) {
  std::set<std::string> names;
  for (std::uint8_t i = 0; i < link_state_count; ++i)
    names.insert(core::to_string(static_cast<link_state>(i)));
  EXPECT_EQ(names.size(), link_state_count);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_STREQ(core::to_string(static_cast<link_state>(link_state_count)), "unknown");
  std::set<std::string> causes;
  for (std::uint8_t i = 0; i < dial_cause_count; ++i)
    causes.insert(core::to_string(static_cast<dial_cause>(i)));
  EXPECT_EQ(causes.size(), dial_cause_count);
  EXPECT_EQ(causes.count("unknown"), 0U);
  EXPECT_STREQ(core::to_string(static_cast<dial_cause>(dial_cause_count)), "unknown");
}

// -- handshake and redial ---------------------------------------------------------------------------

TEST(LinkSession, AReasonWheneverItDoesNotServe) {
  for (auto& row : states) {
    driver d;
    row.reach(d);
    auto serves = row.state == link_state::serving || std::string{row.name} == "quiescing for dormancy";
    if (row.state == link_state::dialling) continue; // the reason of the attempt before stays
    EXPECT_EQ(d.s.reason().empty(), serves) << row.name << ": " << d.s.reason();
  }
}

TEST(LinkSession, TheHandshakeTimesOutFromTheDialNotFromTheUpgrade) {
  driver d;
  d.changed();
  d.now += 20s;
  d.s.opened(d.s.epoch(), d.now);
  EXPECT_EQ(d.delay(), 10s);
  EXPECT_EQ(d.due(), "hang_up");
  EXPECT_EQ(d.described(), "") << "it came too late";
  EXPECT_EQ(d.ended(), "");
  EXPECT_EQ(d.s.state(), link_state::waiting);
}

TEST(LinkSession, ASocketThatNeverReportsItsEndHoldsNothingUp) {
  driver d;
  d.changed();
  d.due();
  EXPECT_EQ(d.due(), "hang_up");
  EXPECT_EQ(d.s.state(), link_state::waiting);
  EXPECT_EQ(d.ended(refused), "") << "too late to count";
  EXPECT_EQ(d.due(), "dial:backoff");
  EXPECT_EQ(d.delay(), 30s);
  EXPECT_EQ(d.described(), "up") << "the time-out was the old socket's";
}

TEST(LinkSession, F19_ACloseHandshakeIsBounded) {
  driver d;
  d.serve().reconnect();
  EXPECT_LE(d.delay(), 2s);
  EXPECT_EQ(d.due(), "hang_up dial:reconnect");
}

TEST(LinkSession, RedialsDoubleFromOneToThirtySeconds) {
  driver d;
  d.changed();
  for (auto want : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 15'000ms, 15'000ms}) {
    d.ended();
    EXPECT_EQ(d.delay(), want);
    EXPECT_EQ(d.due(), "dial:backoff");
  }
}

TEST(LinkSession, F11_AHandshakeAloneDoesNotResetTheBackoff) {
  driver d;
  d.changed();
  for (auto want : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 15'000ms}) {
    d.described();
    d.now += 29'999ms;
    d.ended();
    EXPECT_EQ(d.delay(), want);
    d.due();
  }
  d.described();
  d.now += 30s;
  d.ended();
  EXPECT_EQ(d.delay(), 500ms);
}

TEST(LinkSession, F11_ServiceThatEndsOnPurposeCountsToo) {
  driver d;
  d.changed();
  for (int i = 0; i < 6; ++i) d.ended(), d.due();
  d.described();
  d.now += 1h;
  d.reconnect();
  d.ended();
  d.ended();
  EXPECT_EQ(d.delay(), 500ms);
}

TEST(LinkSession, ARestartOfTheConnectorIsSpreadOverFifteenSeconds) {
  for (auto code : {1012, 1013}) {
    driver d;
    d.serve().now += 1min;
    d.random = 15'000;
    d.ended({static_cast<std::uint16_t>(code), {}, 0, "restart"});
    EXPECT_EQ(d.delay(), 15s);
    driver e;
    e.serve().now += 1min;
    e.ended({static_cast<std::uint16_t>(code), {}, 0, "restart"});
    EXPECT_EQ(e.delay(), 0s);
    e.due();
    e.ended();
    EXPECT_EQ(e.delay(), 1s)
        << "only the first delay is drawn from the spread; it took the place of the one of 1 s";
  }
}

TEST(LinkSession, F11_RestartsInALoopBackOff) {
  for (auto handshake : {false, true}) {
    driver d;
    d.changed();
    for (int i = 0; i < 8; ++i) {
      if (handshake) d.described();
      d.ended(restarting);
      if (i < 7) d.due();
    }
    EXPECT_EQ(d.delay(), 15s) << "the least of a full backoff, though the shortest delay was drawn";
  }
}

TEST(LinkSession, F21_UnknownPrivateCodesAreBackoff) {
  for (std::uint16_t code = 4000; code < 4500; ++code) {
    if (code == 4401) continue;
    driver d;
    d.serve();
    for (int i = 0; i < 3; ++i) {
      d.ended({code, "go away", 0, "closed"});
      ASSERT_EQ(d.s.state(), link_state::waiting) << code;
      ASSERT_EQ(d.due(), "dial:backoff") << code;
    }
  }
}

TEST(LinkSession, AForbiddenUpgradeIsNotARevocation) {
  driver d;
  d.serve();
  for (int i = 0; i < 3; ++i) {
    d.ended({0, {}, 403, "the upgrade was answered with 403"});
    EXPECT_EQ(d.s.state(), link_state::waiting);
    d.due();
  }
}

// -- refused credentials ----------------------------------------------------------------------------

TEST(LinkSession, F8_TheFirstRefusalAfterServiceDialsOnceAtOnce) {
  driver d;
  d.serve();
  EXPECT_EQ(d.ended(refused), "down dial:fresh_token");
  EXPECT_EQ(d.described(), "up");
  EXPECT_TRUE(d.s.reason().empty());
}

TEST(LinkSession, F9_ARefusedFreshTokenRevokes) {
  for (auto& second : {refused, refused_upgrade}) {
    driver d;
    d.serve().ended(refused);
    EXPECT_EQ(d.ended(second), "");
    EXPECT_EQ(d.s.state(), link_state::disabled);
    EXPECT_FALSE(d.s.due());
    EXPECT_NE(d.s.reason().find("revoked"), std::string::npos);
    d.now += 24h;
    EXPECT_EQ(d.timer() + d.wake() + d.reconnect() + d.dormant(), "");
    EXPECT_EQ(d.changed(), "dial:start") << "new credentials are a new chance";
  }
}

TEST(LinkSession, F9_TheConnectionThatTheFreshTokenOpenedRevokesToo) {
  driver d;
  d.serve().ended(refused);
  d.described();
  d.now += 29s;
  EXPECT_EQ(d.ended(refused), "down");
  EXPECT_EQ(d.s.state(), link_state::disabled);
}

TEST(LinkSession, F8_LastingServiceClearsTheFirstRefusal) {
  driver d;
  d.serve();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(d.ended(refused), "down dial:fresh_token");
    d.described();
    d.now += 30s;
  }
}

TEST(LinkSession, F8_LastingServiceClearsItHoweverTheServiceEnded) {
  for (auto asleep : {false, true}) {
    driver d;
    d.serve().ended(refused);
    d.described();
    d.now += 1h;
    if (asleep) {
      d.dormant();
      d.acked();
      d.ended();
      d.wake();
    } else {
      d.reconnect();
      d.ended();
    }
    EXPECT_EQ(d.ended(refused), "dial:fresh_token") << "the first refusal since an hour of service";
  }
}

TEST(LinkSession, F8_ANetworkFailureDoesNotUseUpTheRetry) {
  driver d;
  d.serve().ended(refused);
  d.ended(network);
  EXPECT_EQ(d.s.state(), link_state::waiting);
  EXPECT_EQ(d.due(), "dial:backoff");
  d.ended(network);
  d.due();
  EXPECT_EQ(d.described(), "up") << "the fresh token was good after all";

  driver e;
  e.serve().ended(refused);
  e.ended(network);
  e.due();
  e.ended(refused);
  EXPECT_EQ(e.s.state(), link_state::disabled) << "this dial was the retry";
}

TEST(LinkSession, F8_ExpiredNeverRevokes) {
  driver d;
  d.serve();
  EXPECT_EQ(d.ended(expired), "down dial:fresh_token");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(d.ended(expired), "");
    ASSERT_EQ(d.s.state(), link_state::waiting);
    EXPECT_EQ(d.due(), "dial:backoff");
  }
  EXPECT_EQ(d.described(), "up");
}

TEST(LinkSession, F8_ExpiredAfterAFirstRefusalDoesNotRevokeEither) {
  driver d;
  d.serve().ended(refused);
  d.ended(expired);
  EXPECT_EQ(d.s.state(), link_state::waiting);
  d.due();
  d.ended(refused);
  EXPECT_EQ(d.s.state(), link_state::disabled);
}

TEST(LinkSession, F8_ExpiredRightAfterEachHandshakeDoesNotSpin) {
  driver d;
  d.serve();
  EXPECT_EQ(d.ended(expired), "down dial:fresh_token");
  for (auto want : {500ms, 1'000ms, 2'000ms, 4'000ms}) {
    d.described();
    EXPECT_EQ(d.ended(expired), "down");
    EXPECT_EQ(d.delay(), want);
    d.due();
  }
}

TEST(LinkSession, F10_ColdStartRefusalsAreRetriedForEver) {
  driver d;
  d.changed();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(d.ended(i % 2 ? refused : refused_upgrade), "");
    ASSERT_EQ(d.s.state(), link_state::waiting);
    EXPECT_EQ(d.due(), "dial:backoff");
  }
  EXPECT_FALSE(d.s.ever_served());
  EXPECT_EQ(d.described(), "up");
  EXPECT_TRUE(d.s.ever_served());
  EXPECT_EQ(d.ended(refused), "down dial:fresh_token") << "none of the cold start's refusals counts";
}

TEST(LinkSession, NewCredentialsStartWithACleanSlate) {
  driver d;
  d.serve().ended(refused);
  d.changed();
  EXPECT_EQ(d.ended(network), "dial:reconnect");
  EXPECT_EQ(d.ended(refused), "dial:fresh_token");
}

// -- drain, dormancy, stop --------------------------------------------------------------------------

TEST(LinkSession, DrainedIsToldWithoutAnAckAfterTenSeconds) {
  driver d;
  d.serve().drain();
  EXPECT_EQ(d.delay(), 10s);
  EXPECT_EQ(d.due(), "drained");
  EXPECT_EQ(d.acked(), "");
  EXPECT_TRUE(d.s.draining());
}

TEST(LinkSession, ADrainTakesOverTheAckThatDormancyAwaits) {
  driver d;
  d.serve().dormant();
  EXPECT_EQ(d.drain(), "") << "going_idle is not sent twice";
  EXPECT_EQ(d.acked(), "drained");
  EXPECT_EQ(d.finish(), "down close");
  EXPECT_EQ(d.ended(), "");
  EXPECT_EQ(d.s.state(), link_state::stopped);
}

TEST(LinkSession, NothingIsDialledToDrain) {
  for (auto& row : states) {
    driver d;
    row.reach(d);
    auto orders = d.drain();
    for (int i = 0; i < 5; ++i)
      orders += d.due() + d.ended() + d.wake() + d.reconnect() + d.changed() + d.gone();
    EXPECT_EQ(orders.find("dial"), std::string::npos) << row.name;
    EXPECT_EQ(d.s.state(), link_state::stopped) << row.name;
  }
}

TEST(LinkSession, F73_DormantUntilADialSucceeds) {
  driver d;
  d.sleep();
  for (auto want : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 15'000ms, 15'000ms}) {
    ASSERT_EQ(d.s.state(), link_state::dormant);
    EXPECT_EQ(d.delay(), want);
    EXPECT_EQ(d.due(), "dial:dormant");
    EXPECT_EQ(d.ended(want < 4s ? network : restarting), "");
  }
  d.due();
  EXPECT_EQ(d.described(), "up");
  d.ended();
  EXPECT_EQ(d.s.state(), link_state::waiting) << "awake: the ordinary backoff again";
  d.due();
  d.described();
  d.dormant();
  d.acked();
  d.ended();
  EXPECT_EQ(d.delay(), 500ms) << "a new sleep begins at one second";
}

TEST(LinkSession, F73_AFailedWakeOrReconnectStaysDormant) {
  driver d;
  d.sleep();
  EXPECT_EQ(d.wake(), "dial:wake");
  d.ended();
  EXPECT_EQ(d.s.state(), link_state::dormant);
  EXPECT_EQ(d.reconnect(), "dial:reconnect");
  d.ended();
  EXPECT_EQ(d.s.state(), link_state::dormant);
  driver e; // before any dial out of dormancy was made
  e.sleep();
  e.reconnect();
  e.ended();
  EXPECT_EQ(e.s.state(), link_state::dormant);
}

TEST(LinkSession, F73_RefusalsWhileAsleepFollowTheSameRules) {
  driver d;
  d.sleep().due();
  EXPECT_EQ(d.ended(expired), "dial:fresh_token");
  EXPECT_EQ(d.ended(expired), "");
  EXPECT_EQ(d.s.state(), link_state::dormant);
  d.due();
  EXPECT_EQ(d.ended(refused), "");
  EXPECT_EQ(d.s.state(), link_state::dormant) << "the one dial at once is spent, the verdict is not spoken";
  d.due();
  d.ended(refused);
  EXPECT_EQ(d.s.state(), link_state::disabled);
}

TEST(LinkSession, WithoutAnAckItStaysConnected) {
  driver d;
  d.serve().dormant();
  EXPECT_EQ(d.delay(), 10s);
  EXPECT_EQ(d.due(), "");
  EXPECT_EQ(d.s.state(), link_state::serving);
  EXPECT_FALSE(d.s.due());
}

TEST(LinkSession, F70_ALateAckMakesANewConnection) {
  // The connector buffers from its ack on; without a new handshake nothing would ever come again.
  driver d;
  d.serve().dormant();
  d.due();
  EXPECT_EQ(d.acked(), "down close");
  EXPECT_EQ(d.ended(), "dial:reconnect");
  EXPECT_EQ(d.described(), "up");
  EXPECT_EQ(d.acked(), "") << "nothing was asked on this connection";
}

TEST(LinkSession, F70_WokenWhileTheAckIsAwaited) {
  driver d;
  d.serve().dormant();
  EXPECT_EQ(d.wake(), "");
  EXPECT_EQ(d.acked(), "down close");
  EXPECT_EQ(d.ended(), "dial:reconnect");
  d.described();
  d.dormant();
  d.acked();
  d.ended();
  EXPECT_EQ(d.s.state(), link_state::dormant) << "that wake is over";
}

// -- dialling held around a suspend (F70) -----------------------------------------------------------

TEST(LinkSession, F70_AHoldKeepsTheFlipUntilItIsOver) {
  driver d;
  d.sleep(20s);
  EXPECT_TRUE(d.s.held());
  EXPECT_EQ(d.delay(), 20s) << "not the one second of the dormant cadence";
  EXPECT_NE(d.s.reason().find("held"), std::string::npos);
  EXPECT_EQ(d.changed(), "") << "a reload neither dials nor loses the hold";
  EXPECT_EQ(d.delay(), 20s);
  EXPECT_TRUE(d.s.held());
  EXPECT_EQ(d.due(), "dial:hold_over") << "bounded: the suspend did not come";
  EXPECT_FALSE(d.s.held());
  EXPECT_EQ(d.ended(), "");
  EXPECT_EQ(d.s.state(), link_state::dormant);
  EXPECT_FALSE(d.s.held());
  EXPECT_EQ(d.delay(), 500ms) << "used up: the dormant cadence from its beginning";
}

TEST(LinkSession, F70_AHoldIsForOneSleepOnly) {
  driver d;
  d.sleep(20s).wake();
  d.described();
  d.dormant();
  d.acked();
  d.ended();
  EXPECT_FALSE(d.s.held());
  driver e; // asked for, and then no sleep came of it
  e.serve().dormant(20s);
  e.wake();
  e.acked();
  e.ended();
  e.described();
  e.dormant();
  e.acked();
  e.ended();
  EXPECT_FALSE(e.s.held());
}

TEST(LinkSession, F70_AHoldAskedForLaterCounts) {
  driver d;
  d.serve().dormant();
  d.dormant(20s);
  d.acked();
  d.dormant(10s);
  d.ended();
  EXPECT_EQ(d.delay(), 20s) << "the longer one";
  d.now += 15s;
  EXPECT_EQ(d.dormant(30s), "");
  EXPECT_EQ(d.delay(), 30s) << "asleep: it begins anew";
  driver e;
  e.sleep();
  EXPECT_EQ(e.dormant(20s), "");
  EXPECT_TRUE(e.s.held());
  e.dormant();
  EXPECT_TRUE(e.s.held()) << "a plain order changes nothing for who sleeps";
}

TEST(LinkSession, F70_AHoldIsNotGrantedWithoutTheAck) {
  driver d;
  d.serve().dormant(20s);
  EXPECT_TRUE(d.s.falling_asleep());
  d.due();
  EXPECT_FALSE(d.s.falling_asleep());
  EXPECT_EQ(d.s.state(), link_state::serving);
  EXPECT_FALSE(d.s.held());
}

TEST(LinkSession, F70_FallingAsleepEndsWithWhateverEndsIt) {
  for (auto acked : {false, true}) {
    for (auto* what : {"wake", "reconnect", "changed", "gone", "drain", "finish", "ended", "resumed"}) {
      driver d;
      d.serve().dormant(20s);
      if (acked) d.acked();
      ASSERT_TRUE(d.s.falling_asleep());
      for (auto& x : events)
        if (std::string{x.name} == what) x.fire(d);
      // Once it is acknowledged the closing goes on to sleep whatever the target is.
      auto sleeps_on = acked && (std::string{what} == "changed");
      EXPECT_EQ(d.s.falling_asleep(), sleeps_on) << what << (acked ? ", acked" : "");
    }
  }
}

TEST(LinkSession, F70_ASuspendEndsTheHoldAtOnce) {
  for (auto gap : {an_hour, thawed, time_gap{4s, 0ms}}) {
    driver d;
    d.sleep(20s);
    EXPECT_EQ(d.resumed(gap), "dial:resumed");
    EXPECT_EQ(d.described(), "up");
  }
  driver d;
  d.sleep(20s);
  EXPECT_EQ(d.resumed({}), "") << "no gap, no release";
}

TEST(LinkSession, F70_SuspendedWhileTheSocketClosed) {
  driver d;
  d.serve().dormant(20s);
  d.acked();
  d.resumed();
  EXPECT_EQ(d.ended(), "dial:reconnect");
}

TEST(LinkSession, F8_ASocketThatOutlivedASuspendIsReplacedIfItWasSilentForTooLong) {
  driver d;
  EXPECT_EQ(d.serve().resumed({24'999ms, 0ms}), "") << "a shorter gap than the silence that a peer allows";
  EXPECT_EQ(d.resumed({25s, 0ms}), "down close");
  EXPECT_EQ(d.ended(), "dial:reconnect");
  EXPECT_EQ(d.resumed({24'999ms, 0ms}), "");
  EXPECT_EQ(d.resumed({25s, 0ms}), "hang_up") << "the token of this dial may have grown old";
  EXPECT_EQ(d.ended(refused), "dial:reconnect") << "what ends on purpose is no verdict";
}

TEST(LinkSession, F8_ATokenThatGrewOldInAFrozenProcessIsNoFreshOne) {
  driver d;
  d.serve().ended(refused);
  EXPECT_EQ(d.ended(refused_aged), "");
  EXPECT_EQ(d.s.state(), link_state::waiting) << "not revoked, not spinning";
  EXPECT_EQ(d.due(), "dial:backoff");
  EXPECT_EQ(d.ended(refused), "");
  EXPECT_EQ(d.s.state(), link_state::disabled) << "this one was fresh";
  driver e; // the connection that the fresh token opened
  e.serve().ended(refused);
  e.described();
  EXPECT_EQ(e.ended(refused_aged), "down");
  EXPECT_EQ(e.s.state(), link_state::waiting);
}

TEST(LinkSession, WokenOrReconnectedWhileTheSocketCloses) {
  driver d;
  d.serve().dormant();
  d.acked();
  d.wake();
  EXPECT_EQ(d.ended(), "dial:reconnect");
  driver e;
  e.serve().dormant();
  e.acked();
  e.reconnect();
  EXPECT_EQ(e.ended(), "dial:reconnect");
}

TEST(LinkSession, OffAndOnAgainWhileTheSocketCloses) {
  driver d;
  d.serve().gone();
  auto due = d.s.due();
  d.now += 500ms;
  d.changed();
  d.gone();
  EXPECT_EQ(d.s.due(), due) << "no event prolongs the close";
  d.changed();
  EXPECT_EQ(d.ended(), "dial:reconnect");
}

TEST(LinkSession, TurnedOffWhileAsleepForgetsThatItSlept) {
  driver d;
  d.sleep().gone();
  d.changed();
  d.ended();
  EXPECT_EQ(d.s.state(), link_state::waiting);
}

// -- one dialler, whatever comes --------------------------------------------------------------------

RC_GTEST_PROP(LinkSessionProperty, F8_OneSocketAtMostAndEveryPromiseKept, ()) {
  link_session s{link_rules{}};
  instant now{1h};
  std::set<std::uint64_t> open; // what a keeper has that executes the orders
  auto up = false, drained = false, drain_asked = false, finish_asked = false;

  auto steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    auto before = s.state();
    auto epoch_before = s.epoch();
    auto stale_before = s.stale();
    auto epoch =
        s.epoch() + *rc::gen::weightedElement<std::uint64_t>({{12, 0}, {1, 1}, {1, ~std::uint64_t{0}}});
    auto random = *rc::gen::arbitrary<std::uint64_t>();
    now += milliseconds{*rc::gen::element(0, 1, 900, 5'000, 31'000)};
    auto event = *rc::gen::weightedElement<int>({{3, 0},
                                                 {1, 1},
                                                 {1, 2},
                                                 {8, 3},
                                                 {3, 4},
                                                 {8, 5},
                                                 {8, 6},
                                                 {1, 7},
                                                 {3, 8},
                                                 {3, 9},
                                                 {2, 10},
                                                 {2, 11},
                                                 {1, 12}});
    link_orders orders;
    switch (event) {
    case 0: orders = s.target_changed(now); break;
    case 1: orders = s.target_gone(now); break;
    case 2: orders = s.opened(epoch, now); break;
    case 3: orders = s.described(epoch, now); break;
    case 4: orders = s.idle_acked(epoch, now); break;
    case 5: {
      auto why = *rc::gen::element(network, refused, refused_upgrade, expired, restarting);
      open.erase(epoch); // a socket tells of its end once it has ended
      orders = s.ended(epoch, why, now, random);
      break;
    }
    case 6: orders = s.timer(now, random); break;
    case 7: drain_asked = drain_asked || before != link_state::stopped, orders = s.drain(now); break;
    case 8: orders = s.go_dormant(now, *rc::gen::element(0ms, 20'000ms)); break;
    case 9: orders = s.wake(now); break;
    case 10: orders = s.reconnect(now); break;
    case 11: orders = s.resumed(*rc::gen::element(an_hour, thawed, time_gap{5s, 0ms}), now); break;
    default: finish_asked = true, orders = s.finish(now); break;
    }
    auto dials = 0U;
    for (auto& x : orders) {
      switch (x.kind) {
      case link_order::dial:
        RC_ASSERT(open.empty());
        open.insert(s.epoch());
        ++dials;
        break;
      case link_order::hang_up:
        RC_ASSERT(!x.why.empty());
        open.clear();
        break;
      case link_order::close:
      case link_order::announce: RC_ASSERT(open.size() == 1U); break;
      case link_order::up:
        RC_ASSERT(!up);
        up = true;
        break;
      case link_order::down:
        RC_ASSERT(up);
        up = false;
        break;
      case link_order::drained:
        RC_ASSERT(!drained);
        drained = true;
        break;
      }
    }
    RC_ASSERT(s.epoch() == epoch_before + dials);
    RC_ASSERT(dials <= 1U);
    RC_ASSERT(dials == 0U || s.state() == link_state::dialling);
    auto about_a_socket = event >= 2 && event <= 5;
    if (about_a_socket && epoch != epoch_before) {
      RC_ASSERT(orders.empty());
      RC_ASSERT(s.state() == before);
      RC_ASSERT(s.stale() == stale_before + 1);
    } else {
      RC_ASSERT(s.stale() == stale_before);
    }
    if (before == link_state::stopped) RC_ASSERT(orders.empty() && s.state() == link_state::stopped);
    if (before == link_state::disabled || before == link_state::idle) RC_ASSERT(dials == 0U || event == 0);
    auto serves = s.state() == link_state::serving || s.state() == link_state::quiescing ||
                  s.state() == link_state::quiet;
    RC_ASSERT(up == serves);
    auto socket = serves || s.state() == link_state::dialling || s.state() == link_state::closing;
    if (!socket) RC_ASSERT(open.empty());
    if (serves) RC_ASSERT(open.size() == 1U);
    auto awaits = socket ? s.state() != link_state::serving && s.state() != link_state::quiet
                         : s.state() == link_state::waiting || s.state() == link_state::dormant;
    RC_ASSERT(s.due().has_value() == awaits);
    RC_ASSERT(!s.held() || (s.state() == link_state::dormant && s.asleep()));
    RC_ASSERT(!s.falling_asleep() || s.state() == link_state::quiescing || s.state() == link_state::closing);
    if (s.state() == link_state::stopped) RC_ASSERT(drained || finish_asked);
    if (drained) RC_ASSERT(drain_asked);
  }
}

} // namespace
} // namespace relay::core
