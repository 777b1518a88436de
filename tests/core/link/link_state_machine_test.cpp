#include "relay_gateway/tests/core/link/link_state_table.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace relay::core {
namespace link_session_test {

// -- handshake and redial ---------------------------------------------------------------------------

TEST(LinkStateMachine, AReasonWheneverItDoesNotServe) {
  for (auto& row : states) {
    driver d;
    row.reach(d);
    auto serves = row.state == link_state::serving || std::string{row.name} == "quiescing for dormancy";
    if (row.state == link_state::dialling) continue; // the reason of the attempt before stays
    EXPECT_EQ(d.s.reason().empty(), serves) << row.name << ": " << d.s.reason();
  }
}

TEST(LinkStateMachine, TheHandshakeTimesOutFromTheDialNotFromTheUpgrade) {
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

TEST(LinkStateMachine, ASocketThatNeverReportsItsEndHoldsNothingUp) {
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

TEST(LinkStateMachine, F19_ACloseHandshakeIsBounded) {
  driver d;
  d.serve().reconnect();
  EXPECT_LE(d.delay(), 2s);
  EXPECT_EQ(d.due(), "hang_up dial:reconnect");
}

TEST(LinkStateMachine, RedialsDoubleFromOneToThirtySeconds) {
  driver d;
  d.changed();
  for (auto want : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 15'000ms, 15'000ms}) {
    d.ended();
    EXPECT_EQ(d.delay(), want);
    EXPECT_EQ(d.due(), "dial:backoff");
  }
}

TEST(LinkStateMachine, AWaitThatTheConnectorAsksForIsAFloor) {
  driver d;
  d.changed();
  EXPECT_EQ(d.ended(told_to_wait(60s)), "");
  EXPECT_EQ(d.s.state(), link_state::waiting);
  EXPECT_EQ(d.delay(), 60s);
  EXPECT_EQ(d.due(), "dial:backoff");
  EXPECT_EQ(d.ended(told_to_wait(1ms)), "");
  EXPECT_EQ(d.delay(), 1s) << "the backoff goes on, and is the longer one";
  EXPECT_EQ(d.due(), "dial:backoff");
  EXPECT_EQ(d.ended(), "");
  EXPECT_EQ(d.delay(), 2s) << "a wait counts once";
}

TEST(LinkStateMachine, NobodyDialsBeforeTheConnectorAllowsIt) {
  driver d;
  d.changed();
  d.ended(told_to_wait(60s));
  d.now += 10s;
  EXPECT_EQ(words(d.s.wake(d.now)), "");
  EXPECT_EQ(words(d.s.reconnect(d.now)), "");
  EXPECT_EQ(d.s.state(), link_state::waiting);
  EXPECT_EQ(d.delay(), 50s);
  EXPECT_EQ(d.changed(), "dial:reconnect") << "another connector, or account, said nothing";
  d.ended(told_to_wait(60s));
  EXPECT_EQ(d.resumed({30s, 0ms}), "");
  EXPECT_EQ(d.delay(), 30s) << "asleep, time passed too";
  EXPECT_EQ(d.resumed({30s, 0ms}), "dial:resumed");
}

TEST(LinkStateMachine, AWaitHoldsInDormancyToo) {
  driver d;
  d.serve();
  d.dormant();
  d.acked();
  d.ended();
  ASSERT_EQ(d.s.state(), link_state::dormant);
  d.due();
  d.ended(told_to_wait(60s));
  EXPECT_EQ(d.s.state(), link_state::dormant);
  EXPECT_EQ(d.delay(), 60s);
  EXPECT_EQ(words(d.s.wake(d.now)), "");
  EXPECT_EQ(d.s.state(), link_state::dormant);
  EXPECT_EQ(d.due(), "dial:dormant");
}

TEST(LinkStateMachine, F11_AHandshakeAloneDoesNotResetTheBackoff) {
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

TEST(LinkStateMachine, F11_ServiceThatEndsOnPurposeCountsToo) {
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

TEST(LinkStateMachine, ARestartOfTheConnectorIsSpreadOverFifteenSeconds) {
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

TEST(LinkStateMachine, F11_RestartsInALoopBackOff) {
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

TEST(LinkStateMachine, F21_UnknownPrivateCodesAreBackoff) {
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

TEST(LinkStateMachine, AForbiddenUpgradeIsNotARevocation) {
  driver d;
  d.serve();
  for (int i = 0; i < 3; ++i) {
    d.ended({0, {}, 403, "the upgrade was answered with 403"});
    EXPECT_EQ(d.s.state(), link_state::waiting);
    d.due();
  }
}

// -- refused credentials ----------------------------------------------------------------------------

TEST(LinkStateMachine, F8_TheFirstRefusalAfterServiceDialsOnceAtOnce) {
  driver d;
  d.serve();
  EXPECT_EQ(d.ended(refused), "down dial:fresh_token");
  EXPECT_EQ(d.described(), "up");
  EXPECT_TRUE(d.s.reason().empty());
}

TEST(LinkStateMachine, F9_ARefusedFreshTokenRevokes) {
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

TEST(LinkStateMachine, WithoutATokenThereIsNothingToRevoke) {
  driver d;
  d.serve();
  auto bare = refused;
  bare.no_token = true;
  EXPECT_EQ(d.ended(bare), "down") << "no fresh token can be minted";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(d.s.state(), link_state::waiting);
    d.now += 31s;
    EXPECT_EQ(d.timer(), "dial:backoff");
    EXPECT_EQ(d.ended(bare), "");
  }
}

TEST(LinkStateMachine, F9_TheConnectionThatTheFreshTokenOpenedRevokesToo) {
  driver d;
  d.serve().ended(refused);
  d.described();
  d.now += 29s;
  EXPECT_EQ(d.ended(refused), "down");
  EXPECT_EQ(d.s.state(), link_state::disabled);
}

TEST(LinkStateMachine, F8_LastingServiceClearsTheFirstRefusal) {
  driver d;
  d.serve();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(d.ended(refused), "down dial:fresh_token");
    d.described();
    d.now += 30s;
  }
}

TEST(LinkStateMachine, F8_LastingServiceClearsItHoweverTheServiceEnded) {
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

TEST(LinkStateMachine, F8_ANetworkFailureDoesNotUseUpTheRetry) {
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

TEST(LinkStateMachine, F8_ExpiredNeverRevokes) {
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

TEST(LinkStateMachine, F8_ExpiredAfterAFirstRefusalDoesNotRevokeEither) {
  driver d;
  d.serve().ended(refused);
  d.ended(expired);
  EXPECT_EQ(d.s.state(), link_state::waiting);
  d.due();
  d.ended(refused);
  EXPECT_EQ(d.s.state(), link_state::disabled);
}

TEST(LinkStateMachine, F8_ExpiredRightAfterEachHandshakeDoesNotSpin) {
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

TEST(LinkStateMachine, F10_ColdStartRefusalsAreRetriedForEver) {
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

TEST(LinkStateMachine, NewCredentialsStartWithACleanSlate) {
  driver d;
  d.serve().ended(refused);
  d.changed();
  EXPECT_EQ(d.ended(network), "dial:reconnect");
  EXPECT_EQ(d.ended(refused), "dial:fresh_token");
}

// -- one dialler, whatever comes --------------------------------------------------------------------

/// What a link manager has that executes the orders.
struct executor {
  link_state_machine s{link_rules{}};
  instant now{1h};
  std::set<std::uint64_t> open; ///< sockets
  bool up = false, drained = false, drain_asked = false, finish_asked = false;

  /// One of all events; those of a socket are about `epoch`.
  link_orders happen(int event, std::uint64_t epoch) {
    const auto random = *rc::gen::arbitrary<std::uint64_t>();
    switch (event) {
    case 0: return s.target_changed(now);
    case 1: return s.target_gone(now);
    case 2: return s.opened(epoch, now);
    case 3: return s.described(epoch, now);
    case 4: return s.idle_acked(epoch, now);
    case 5: {
      auto why = *rc::gen::element(network, refused, refused_upgrade, expired, restarting);
      open.erase(epoch); // a socket tells of its end once it has ended
      return s.ended(epoch, why, now, random);
    }
    case 6: return s.timer(now, random);
    case 7: drain_asked = drain_asked || s.state() != link_state::stopped; return s.drain(now);
    case 8: return s.go_dormant(now, *rc::gen::element(0ms, 20'000ms));
    case 9: return s.wake(now);
    case 10: return s.reconnect(now);
    case 11: return s.resumed(*rc::gen::element(an_hour, thawed, time_gap{5s, 0ms}), now);
    default: finish_asked = true; return s.finish(now);
    }
  }
  /// Returns how often it dialled.
  unsigned execute(const link_orders& orders) {
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
    return dials;
  }
  /// What holds in every state.
  void check() const {
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
};

RC_GTEST_PROP(LinkSessionProperty, F8_OneSocketAtMostAndEveryPromiseKept, ()) {
  executor x;
  auto& s = x.s;
  auto steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    auto before = s.state();
    auto epoch_before = s.epoch();
    auto stale_before = s.stale();
    auto epoch =
        s.epoch() + *rc::gen::weightedElement<std::uint64_t>({{12, 0}, {1, 1}, {1, ~std::uint64_t{0}}});
    x.now += milliseconds{*rc::gen::element(0, 1, 900, 5'000, 31'000)};
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
    auto orders = x.happen(event, epoch);
    auto dials = x.execute(orders);
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
    x.check();
  }
}

} // namespace link_session_test
} // namespace relay::core
