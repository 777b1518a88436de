// Drain, dormancy, stop; dialling held around a suspend (F70).
#include "relay_gateway/tests/core/link/link_state_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace link_session_sleep_test {

// -- drain, dormancy, stop --------------------------------------------------------------------------

TEST(LinkStateMachine, DrainedIsToldWithoutAnAckAfterTenSeconds) {
  driver d;
  d.serve().drain();
  EXPECT_EQ(d.delay(), 10s);
  EXPECT_EQ(d.due(), "drained");
  EXPECT_EQ(d.acked(), "");
  EXPECT_TRUE(d.s.draining());
}

TEST(LinkStateMachine, ADrainTakesOverTheAckThatDormancyAwaits) {
  driver d;
  d.serve().dormant();
  EXPECT_EQ(d.drain(), "") << "going_idle is not sent twice";
  EXPECT_EQ(d.acked(), "drained");
  EXPECT_EQ(d.finish(), "down close");
  EXPECT_EQ(d.ended(), "");
  EXPECT_EQ(d.s.state(), link_state::stopped);
}

TEST(LinkStateMachine, NothingIsDialledToDrain) {
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

TEST(LinkStateMachine, F73_DormantUntilADialSucceeds) {
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

TEST(LinkStateMachine, F73_AFailedWakeOrReconnectStaysDormant) {
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

TEST(LinkStateMachine, F73_RefusalsWhileAsleepFollowTheSameRules) {
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

TEST(LinkStateMachine, WithoutAnAckItStaysConnected) {
  driver d;
  d.serve().dormant();
  EXPECT_EQ(d.delay(), 10s);
  EXPECT_EQ(d.due(), "");
  EXPECT_EQ(d.s.state(), link_state::serving);
  EXPECT_FALSE(d.s.due());
}

TEST(LinkStateMachine, F70_ALateAckMakesANewConnection) {
  // The connector buffers from its ack on; without a new handshake nothing would ever come again.
  driver d;
  d.serve().dormant();
  d.due();
  EXPECT_EQ(d.acked(), "down close");
  EXPECT_EQ(d.ended(), "dial:reconnect");
  EXPECT_EQ(d.described(), "up");
  EXPECT_EQ(d.acked(), "") << "nothing was asked on this connection";
}

TEST(LinkStateMachine, F70_WokenWhileTheAckIsAwaited) {
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

TEST(LinkStateMachine, F70_AHoldKeepsTheFlipUntilItIsOver) {
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

TEST(LinkStateMachine, F70_AHoldIsForOneSleepOnly) {
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

TEST(LinkStateMachine, F70_AHoldAskedForLaterCounts) {
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

TEST(LinkStateMachine, F70_AHoldIsNotGrantedWithoutTheAck) {
  driver d;
  d.serve().dormant(20s);
  EXPECT_TRUE(d.s.falling_asleep());
  d.due();
  EXPECT_FALSE(d.s.falling_asleep());
  EXPECT_EQ(d.s.state(), link_state::serving);
  EXPECT_FALSE(d.s.held());
}

TEST(LinkStateMachine, F70_FallingAsleepEndsWithWhateverEndsIt) {
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

TEST(LinkStateMachine, F70_ASuspendEndsTheHoldAtOnce) {
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

TEST(LinkStateMachine, F70_SuspendedWhileTheSocketClosed) {
  driver d;
  d.serve().dormant(20s);
  d.acked();
  d.resumed();
  EXPECT_EQ(d.ended(), "dial:reconnect");
}

TEST(LinkStateMachine, F8_ASocketThatOutlivedASuspendIsReplacedIfItWasSilentForTooLong) {
  driver d;
  EXPECT_EQ(d.serve().resumed({24'999ms, 0ms}), "") << "a shorter gap than the silence that a peer allows";
  EXPECT_EQ(d.resumed({25s, 0ms}), "down close");
  EXPECT_EQ(d.ended(), "dial:reconnect");
  EXPECT_EQ(d.resumed({24'999ms, 0ms}), "");
  EXPECT_EQ(d.resumed({25s, 0ms}), "hang_up") << "the token of this dial may have grown old";
  EXPECT_EQ(d.ended(refused), "dial:reconnect") << "what ends on purpose is no verdict";
}

TEST(LinkStateMachine, F8_ATokenThatGrewOldInAFrozenProcessIsNoFreshOne) {
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

TEST(LinkStateMachine, WokenOrReconnectedWhileTheSocketCloses) {
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

TEST(LinkStateMachine, OffAndOnAgainWhileTheSocketCloses) {
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

TEST(LinkStateMachine, TurnedOffWhileAsleepForgetsThatItSlept) {
  driver d;
  d.sleep().gone();
  d.changed();
  d.ended();
  EXPECT_EQ(d.s.state(), link_state::waiting);
}

} // namespace link_session_sleep_test
} // namespace relay::core
