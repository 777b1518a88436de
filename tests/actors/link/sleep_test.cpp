// Sleep in order, with dialling held around a suspend, over the whole tree on virtual time (F70; protocol.md
// 3.2).
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <optional>

namespace relay::testing {
namespace {

class sleep : public gateway_test {
protected:
  sleep() { settings.relay.wake_url = "https://wake.example/x"; }

  /// What came of an order; empty while it is under way.
  std::shared_ptr<std::optional<dormancy_outcome>> order(dormancy_order x) {
    auto out = std::make_shared<std::optional<dormancy_outcome>>();
    sys.spawn([this, x, out](caf::event_based_actor* self) {
      self->request(root, caf::infinite, x).then([out](dormancy_outcome& y) { *out = std::move(y); });
    });
    settle();
    return out;
  }
  std::size_t announced() {
    auto& all = env.link->last().written;
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), "{\"type\":\"going_idle\"}\n"));
  }
  void idle_ack() {
    env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
    settle();
  }
  void fall_asleep(milliseconds hold = 20s) {
    handshake();
    auto what = order({hold, true});
    idle_ack();
    ASSERT_TRUE(what->has_value());
    ASSERT_TRUE((*what)->asleep) << (*what)->why_not;
  }
  std::size_t dials() { return env.link->dials.size(); }
  bool held() { return report().link.held; }
};

TEST_F(sleep, F70_DiallingIsHeldUntilTheHoldIsOver) {
  start();
  fall_asleep();
  EXPECT_EQ(phase(), link_phase::dormant);
  EXPECT_TRUE(held());
  advance(19s);
  EXPECT_EQ(dials(), 1U) << "the dormant cadence would have cleared the flip after a second";
  advance(2s);
  EXPECT_EQ(dials(), 2U) << "bounded: no suspend came";
  EXPECT_EQ(env.metrics->get("dials_total{hold_over}"), 1U);
  EXPECT_FALSE(held());
}

TEST_F(sleep, F70_AWakeOrAReconnectReleasesTheHoldAtOnce) {
  start();
  for (auto what : {command::wake, command::reconnect}) {
    SCOPED_TRACE(to_string(what));
    fall_asleep();
    auto before = dials();
    advance(5s);
    ASSERT_EQ(dials(), before);
    caf::anon_send(root, what);
    settle();
    ASSERT_EQ(dials(), before + 1);
  }
}

TEST_F(sleep, F70_ASuspendReleasesTheHoldWithAFreshToken) {
  start();
  fall_asleep();
  auto old = env.link->last().request.bearer.reveal();
  advance(3s);
  env.machine->wall += 3'600'000; // the machine slept for an hour; the steady clock did not see it
  advance(500ms);
  ASSERT_EQ(dials(), 2U);
  EXPECT_EQ(env.metrics->get("dials_total{resumed}"), 1U);
  EXPECT_EQ(env.log->count("link.resumed"), 1U);
  std::string id;
  EXPECT_EQ(relay::wire::verify_token(env.link->last().request.bearer.reveal(),
                                      {settings.relay.gateway_secret}, env.machine->wall / 1000, id),
            relay::wire::token_check::ok);
  EXPECT_NE(env.link->last().request.bearer.reveal(), old);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(sleep, F70_AFreezeWithTheSteadyClockRunningReleasesTheHoldToo) {
  start();
  fall_asleep(60s);
  advance(2s);
  env.machine->wall += 10'000;
  sched.advance_time(10s); // one jump: nothing ran meanwhile
  settle();
  EXPECT_EQ(dials(), 2U);
}

TEST_F(sleep, F70_WithoutTheAckItStaysAndSaysSo) {
  start();
  handshake();
  auto what = order({20s, true});
  EXPECT_FALSE(what->has_value());
  advance(10s);
  ASSERT_TRUE(what->has_value());
  EXPECT_FALSE((*what)->asleep);
  EXPECT_NE((*what)->why_not.find("did not acknowledge"), std::string::npos) << (*what)->why_not;
  EXPECT_EQ(phase(), link_phase::connected);
  EXPECT_EQ(dials(), 1U);
}

TEST_F(sleep, F69_WorkInHandRefusesTheOrderBeforeAnythingIsSaid) {
  start(with::scripted);
  agent->ack = false;
  handshake();
  env.link->last().say(event("discord", "c", "x", "1"));
  settle();
  auto what = order({20s, true});
  ASSERT_TRUE(what->has_value());
  EXPECT_FALSE((*what)->asleep);
  EXPECT_NE((*what)->why_not.find("in hand"), std::string::npos) << (*what)->why_not;
  EXPECT_EQ(announced(), 0U);
  auto plain = order({});
  EXPECT_EQ(announced(), 1U) << "without a hold it is an order like any other";
}

TEST_F(sleep, F70_WorkBetweenTheFlipAndItsAckConnectsAgainAtOnce) {
  start();
  handshake();
  auto what = order({20s, true});
  ASSERT_EQ(announced(), 1U);
  // The connector had this under way before it saw going_idle. It is answered in no time, and yet: somebody
  // is there.
  env.link->last().say(event("discord", "c", "one more thing", "1"));
  settle();
  answer_all();
  idle_ack();
  ASSERT_TRUE(what->has_value());
  EXPECT_FALSE((*what)->asleep);
  EXPECT_NE((*what)->why_not.find("work came"), std::string::npos) << (*what)->why_not;
  EXPECT_EQ(dials(), 2U) << "no virtual time has passed";
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(sleep, F69_AnActionWhileAsleepWakes) {
  start(with::scripted);
  fall_asleep(60s);
  advance(3s);
  ASSERT_EQ(dials(), 1U);
  ask({"r", "discord", {}, relay::wire::send("c", "a scheduled job")});
  advance(1s);
  ASSERT_EQ(dials(), 2U);
  handshake();
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
}

TEST_F(sleep, F70_AReloadWhileHeldNeitherDialsNorLosesTheHold) {
  start();
  fall_asleep();
  advance(2s);
  auto next = settings;
  next.relay.url = "https://other.example";
  next.relay.gateway_secret = secret{"another-secret"};
  next.service.idle_hold = 1s;
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  EXPECT_TRUE(held());
  advance(17s);
  EXPECT_EQ(dials(), 1U);
  advance(2s);
  ASSERT_EQ(dials(), 2U);
  EXPECT_EQ(env.link->last().request.url, "wss://other.example/relay") << "the dial takes the new target";
}

TEST_F(sleep, F70_ADeadInboundDoesNotBreakTheHold) {
  start();
  fall_asleep();
  caf::anon_send_exit(handle("inbound"), caf::exit_reason::kill);
  advance(5s);
  EXPECT_EQ(dials(), 1U);
}

TEST_F(sleep, AWakeBeforeTheAckLeavesItAwake) {
  start();
  handshake();
  auto what = order({20s, true});
  caf::anon_send(root, command::wake);
  settle();
  idle_ack();
  ASSERT_TRUE(what->has_value());
  EXPECT_FALSE((*what)->asleep);
  EXPECT_EQ(dials(), 2U) << "the connector buffers: only a new handshake ends that";
}

TEST_F(sleep, ADrainAnswersWhoeverWaitsForSleep) {
  start();
  handshake();
  auto what = order({20s, true});
  caf::anon_send(root, command::drain);
  settle();
  ASSERT_TRUE(what->has_value());
  EXPECT_FALSE((*what)->asleep);
}

TEST_F(sleep, AnOrderWithoutAConnectionIsRefused) {
  start();
  auto what = order({20s, true});
  ASSERT_TRUE(what->has_value());
  EXPECT_NE((*what)->why_not.find("not connected"), std::string::npos);
}

TEST_F(sleep, AskedAgainWhileAsleepTheHoldBeginsAnew) {
  start();
  fall_asleep();
  advance(15s);
  auto what = order({20s, true});
  ASSERT_TRUE(what->has_value());
  EXPECT_TRUE((*what)->asleep);
  advance(19s);
  EXPECT_EQ(dials(), 1U);
  advance(2s);
  EXPECT_EQ(dials(), 2U);
}

// -- the idle policy ----------------------------------------------------------------------------------

TEST_F(sleep, F70_TheIdlePolicyHoldsAsLongAsItsSettingSays) {
  settings.service.idle_after = 60s;
  settings.service.idle_hold = 45s;
  start();
  handshake();
  for (int i = 0; i < 90 && announced() == 0; ++i) advance(1s);
  ASSERT_EQ(announced(), 1U);
  idle_ack();
  EXPECT_TRUE(held());
  advance(44s);
  EXPECT_EQ(dials(), 1U);
  advance(2s);
  EXPECT_EQ(dials(), 2U);
}

TEST_F(sleep, F70_ANewHoldSettingCountsForTheNextSleep) {
  settings.service.idle_after = 60s;
  start();
  handshake();
  auto next = settings;
  next.service.idle_hold = 5s;
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  for (int i = 0; i < 90 && announced() == 0; ++i) advance(1s);
  idle_ack();
  advance(4s);
  EXPECT_EQ(dials(), 1U);
  advance(2s);
  EXPECT_EQ(dials(), 2U);
}

TEST_F(sleep, F68_AWakeUrlThatAReloadBringsArmsTheIdlePolicyAndOneThatGoesDisarmsIt) {
  settings.service.idle_after = 60s;
  settings.relay.wake_url.clear();
  start();
  handshake();
  advance(2min, 1s);
  ASSERT_EQ(announced(), 0U);
  auto next = settings;
  next.relay.wake_url = "https://wake.example/x";
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  advance(50s, 1s);
  EXPECT_EQ(announced(), 0U);
  caf::anon_send(root, std::make_shared<const config::settings>(settings));
  advance(3min, 1s);
  EXPECT_EQ(announced(), 0U);
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  advance(90s, 1s);
  EXPECT_EQ(announced(), 1U);
}

// -- suspended without any order ----------------------------------------------------------------------

TEST_F(sleep, F8_SuspendedForAnHourWhileConnectedItConnectsAnewWithAFreshToken) {
  start();
  handshake();
  advance(10s);
  auto old = env.link->last().request.bearer.reveal();
  env.machine->wall += 3'600'000;
  advance(5s);
  ASSERT_EQ(dials(), 2U) << "not after 25 s of silence";
  EXPECT_NE(env.link->last().request.bearer.reveal(), old);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(sleep, F8_SuspendedForAnHourInTheMiddleOfTheFreshDialItIsNotRevoked) {
  start();
  handshake();
  env.link->last().end(4401, "unauthorized");
  settle();
  ASSERT_EQ(dials(), 2U);
  env.machine->wall += 3'600'000; // suspended between minting and the upgrade
  env.link->last().end(0, {}, 401);
  settle();
  EXPECT_NE(phase(), link_phase::disabled) << "that token was not fresh any more";
  advance(2s);
  ASSERT_EQ(dials(), 3U);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(sleep, F8_SuspendedForAnHourBetweenTwoDialsItDialsAtOnce) {
  start();
  for (int i = 0; i < 8; ++i) { // into a long backoff
    env.link->last().end();
    advance(31s);
  }
  env.link->last().end();
  settle();
  auto before = dials();
  advance(5s);
  ASSERT_EQ(dials(), before);
  env.machine->wall += 3'600'000;
  advance(5s);
  EXPECT_EQ(dials(), before + 1);
}

TEST_F(sleep, ClocksThatAreSetBackChangeNothing) {
  start();
  handshake();
  advance(10s);
  env.machine->wall -= 3'600'000;
  advance(1min);
  EXPECT_EQ(dials(), 1U);
  EXPECT_EQ(env.log->count("link.resumed"), 0U);
}

} // namespace
} // namespace relay::testing
