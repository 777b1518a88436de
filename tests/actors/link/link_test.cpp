// Losing, finding and giving up the connector (protocol.md 3.1, 3.2), on virtual time.
#include "relay_gateway/actors/link/link_manager.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class link : public gateway_test {
protected:
  void serve_for(milliseconds d) {
    handshake();
    advance(d);
  }
  std::string token() { return env.link->last().request.bearer.reveal(); }
};

TEST_F(link, F1_F6_LossSettlesEveryPendingRequestAtOnceAsAmbiguous) {
  start(with::scripted);
  handshake();
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  ASSERT_EQ(sent().size(), 1U);
  env.link->last().end();
  settle();
  ASSERT_EQ(agent->outcomes.size(), 1U) << "no virtual time has passed";
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
}

TEST_F(link, AnOutageIsALineAtItsStartOneAtEachDoublingAndOneAtItsEnd) {
  start(with::scripted);
  handshake();
  for (auto t = 0s; t < 10min; t += 10s) {
    if (!env.link->last().over) env.link->last().end();
    advance(10s);
  }
  EXPECT_EQ(env.log->count("link.lost"), 1U);
  while (env.link->last().over) advance(1s);
  handshake();
  std::size_t warned = 0;
  for (const auto& line : env.log->lines)
    warned += line.level == severity::warn && line.id == "link.still_down" ? 1 : 0;
  EXPECT_LE(warned, 5U) << "30 s, 1, 2, 4, 8 min";
  EXPECT_GE(warned, 3U);
  const auto& up = env.log->lines;
  const auto last = std::find_if(up.rbegin(), up.rend(), [](auto& x) { return x.id == "link.up"; });
  ASSERT_NE(last, up.rend());
  EXPECT_EQ(last->text.find("down_ms=0"), std::string::npos) << last->text;
}

TEST_F(link, PlannedCloseStillTakesTheResultsThatCome) {
  start(with::scripted);
  handshake();
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  env.link->last().closing_takes_time = true;
  caf::anon_send(root, command::reconnect);
  settle();
  EXPECT_TRUE(agent->outcomes.empty()) << "the peer has not closed yet";
  answer_all();
  env.link->last().end(1000);
  settle();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
  EXPECT_EQ(env.link->dials.size(), 2U);
}

TEST_F(link, FrameThatNeverReachedTheWireIsSentOnTheNextConnection) {
  start(with::scripted);
  handshake();
  env.link->last().lose_writes_after = 2; // the hellos
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  env.link->last().end();
  settle();
  EXPECT_TRUE(agent->outcomes.empty());
  advance(2s);
  ASSERT_EQ(env.link->dials.size(), 2U);
  handshake();
  ASSERT_EQ(sent().size(), 1U);
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
}

TEST_F(link, ActionThatCrossesTheEndIsSentOnTheNextConnectionAlsoWhenACloseCrossesIt) {
  start(with::scripted);
  handshake();
  ask({"r1", "discord", {}, relay::wire::send("c", "x")});
  ask({"r2", "discord", {}, relay::wire::send("c", "y")}); // leaves when r1 has its outcome
  caf::anon_send(root, command::dormant);
  settle();
  auto& socket = env.link->last();
  socket.listener->on_bytes("{\"type\":\"going_idle_ack\"}\n"); // the connection is to close
  socket.end(1001);                                             // and is over already
  settle();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
  for (int i = 0; i < 5 && env.link->dials.size() < 2; ++i) advance(1s);
  ASSERT_EQ(env.link->dials.size(), 2U);
  handshake();
  ASSERT_EQ(sent().size(), 1U);
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 2U);
  EXPECT_EQ(agent->outcomes[1].result.how, outcome::done) << agent->outcomes[1].result.error;
}

TEST_F(link, F3_ActionDuringBackoffIsHeldThenFailsAsDefinite) {
  start(with::scripted);
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  EXPECT_TRUE(agent->outcomes.empty());
  advance(29s);
  EXPECT_TRUE(agent->outcomes.empty());
  advance(2s);
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::definite);
}

TEST_F(link, HeldActionGoesOutAfterTheHandshake) {
  start(with::scripted);
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  advance(5s);
  handshake();
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(link, ResultThatNeverComesIsAmbiguousAfterTheTimeout) {
  start(with::scripted);
  handshake();
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  advance(31s);
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
  env.link->last().say("{\"type\":\"outbound_result\",\"requestId\":\"" + field(sent()[0], "requestId") +
                       "\",\"result\":{\"success\":true}}\n");
  settle();
  EXPECT_EQ(env.metrics->get("results_unmatched_total"), 1U);
  EXPECT_EQ(agent->outcomes.size(), 1U);
}

TEST_F(link, F8_FirstRefusalAfterServiceRedialsAtOnceWithAFreshToken) {
  start();
  handshake();
  auto old = token();
  advance(1h, 10s); // the token in use has long expired
  env.link->last().end(4401, "unauthorized");
  settle();
  ASSERT_EQ(env.link->dials.size(), 2U) << "at once";
  std::string id;
  EXPECT_EQ(relay::wire::verify_token(token(), {settings.relay.gateway_secret}, env.machine->wall / 1000, id),
            relay::wire::token_check::ok);
  EXPECT_NE(token(), old);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(link, F9_SecondRefusalOfAFreshTokenIsTerminalAndVisible) {
  start();
  handshake();
  env.link->last().end(4401);
  settle();
  env.link->last().end(0, {}, 401); // the upgrade of the fresh dial is refused, too
  settle();
  EXPECT_EQ(phase(), link_phase::disabled);
  EXPECT_EQ(env.log->count("link.revoked"), 1U);
  advance(10min, 5s);
  EXPECT_EQ(env.link->dials.size(), 2U) << "no more dialling";
  EXPECT_FALSE(report().ready);
}

TEST_F(link, WithoutCredentialsNoneIsRevoked) {
  settings.relay.gateway_id.clear();
  settings.relay.gateway_secret = {};
  start();
  handshake();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(token(), "");
    env.link->last().end(4401, "unauthorized");
    settle();
    advance(31s);
    ASSERT_EQ(env.link->dials.size(), static_cast<std::size_t>(i) + 2);
  }
  EXPECT_EQ(env.log->count("link.revoked"), 0U);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(link, F8_ExpiredIsNeverARevocation) {
  start();
  handshake();
  for (int i = 0; i < 6; ++i) {
    env.link->last().end(4401, "expired");
    settle();
    advance(31s);
    ASSERT_NE(phase(), link_phase::disabled);
  }
}

TEST_F(link, F10_ColdStartRefusalRetries) {
  start();
  for (int i = 0; i < 5; ++i) {
    env.link->last().accept();
    settle();
    env.link->last().end(4401);
    settle();
    advance(31s);
    ASSERT_EQ(env.link->dials.size(), static_cast<std::size_t>(i) + 2);
  }
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(link, F11_BackoffGrowsUntilServiceLasts) {
  start();
  std::vector<milliseconds> waits;
  for (int i = 0; i < 6; ++i) {
    handshake();
    env.link->last().end();
    settle();
    auto before = env.link->dials.size();
    milliseconds waited{0};
    while (env.link->dials.size() == before) {
      advance(50ms, 50ms);
      waited += 50ms;
      ASSERT_LT(waited, 40s);
    }
    waits.push_back(waited);
  }
  EXPECT_LE(waits[0], 1050ms);
  EXPECT_GE(waits[4], 8s) << "16 s, at least half of it";
  serve_for(31s);
  env.link->last().end();
  settle();
  auto before = env.link->dials.size();
  advance(1100ms, 50ms);
  EXPECT_EQ(env.link->dials.size(), before + 1) << "after lasting service it starts anew";
}

TEST_F(link, F7_NoDescriptorWithinTheTimeoutIsAFailedAttempt) {
  start();
  env.link->last().accept();
  advance(31s);
  EXPECT_FALSE(env.link->dials[0]->dropped.empty());
  advance(2s);
  EXPECT_EQ(env.link->dials.size(), 2U);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(link, F21_UnknownCloseCodesBackOff) {
  start();
  handshake();
  env.link->last().end(4429, "replaced");
  settle();
  EXPECT_EQ(env.link->dials.size(), 1U);
  advance(2s);
  EXPECT_EQ(env.link->dials.size(), 2U);
}

TEST_F(link, RedialSaysAllHellosAgainAndMintsANewToken) {
  start();
  handshake();
  auto old = token();
  env.link->last().end();
  advance(2s);
  env.link->last().accept();
  settle();
  EXPECT_EQ(env.link->last().written.size(), 2U);
  EXPECT_NE(token(), old);
}

TEST_F(link, AtMostOneSocketLives) {
  start();
  for (int i = 0; i < 20; ++i) {
    if (!env.link->last().open) env.link->last().accept();
    settle();
    if (i % 3 == 0) caf::anon_send(root, command::reconnect);
    if (i % 3 == 1) env.link->last().end(i % 2 ? 1012 : 0);
    if (i % 3 == 2) env.link->last().say(descriptor_line("discord"));
    advance(3s);
    ASSERT_LE(env.link->alive(), 1U);
  }
}

TEST_F(link, DormantClosesAfterTheAckAndWakes) {
  start();
  handshake();
  caf::anon_send(root, command::dormant);
  settle();
  EXPECT_EQ(env.link->last().written.back(), "{\"type\":\"going_idle\"}\n");
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_EQ(env.link->last().closed_with, 1000);
  EXPECT_EQ(phase(), link_phase::dormant);
  EXPECT_TRUE(report().ready) << "asleep on purpose";
  caf::anon_send(root, command::wake);
  settle();
  ASSERT_EQ(env.link->dials.size(), 2U);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(link, F73_ADialOutOfDormancyChangesNothingUntilItsHandshakeIsDone) {
  start();
  handshake();
  caf::anon_send(root, command::dormant);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  advance(1100ms, 50ms);
  ASSERT_EQ(env.link->dials.size(), 2U) << "on the dormant cadence";
  EXPECT_EQ(phase(), link_phase::dormant);
  EXPECT_TRUE(report().ready);
  env.link->last().end();
  settle();
  EXPECT_EQ(phase(), link_phase::dormant);
  advance(3s, 50ms);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(link, DormantWithoutTheAckStaysConnected) {
  start();
  handshake();
  caf::anon_send(root, command::dormant);
  advance(11s);
  EXPECT_EQ(phase(), link_phase::connected);
  EXPECT_EQ(env.link->dials.size(), 1U);
}

TEST_F(link, ReplayRightBehindTheDescriptorIsAcknowledgedOnTheSameSocket) {
  start();
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord") + event("discord", "a", "x", "1", "b1"));
  settle();
  EXPECT_EQ(acked().size(), 1U);
  env.link->last().end();
  advance(2s);
  env.link->last().accept();
  settle();
  // The connector had not seen the ack and replays: a repeat, acked before anybody told of the new link.
  env.link->last().say(descriptor_line("discord") + event("discord", "a", "x", "1", "b1"));
  settle();
  EXPECT_EQ(acked().size(), 1U);
}

TEST_F(link, F4_ALiveSocketTakesActionsWhateverElseGoesOn) {
  start(with::scripted);
  handshake();
  caf::anon_send(root, command::dormant); // going_idle is out, its ack is not here: still serving
  settle();
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(link, F5_EveryActionGetsExactlyOneResultHoweverTheSocketFares) {
  start(with::scripted);
  handshake();
  for (int i = 0; i < 12; ++i) {
    ask({"r" + std::to_string(i), "discord", {}, relay::wire::send("c" + std::to_string(i % 3), "x")});
    if (i == 3) env.link->last().lose_writes_after = env.link->last().written.size();
    if (i == 5) env.link->last().end();
    if (i == 8) advance(2s);
  }
  settle();
  advance(2min, 1s);
  EXPECT_EQ(agent->outcomes.size(), 12U);
}

TEST_F(link, NothingIsKeptOfConnectionsThatEnded) {
  start();
  for (int i = 0; i < 5; ++i) {
    handshake();
    env.link->last().end();
    advance(70s, 1s);
  }
  using manager_type = caf::stateful_actor<link_manager_state, link_manager_actor::base>;
  auto manager = handle("link-manager");
  auto& state = static_cast<manager_type*>(caf::actor_cast<caf::abstract_actor*>(manager))->state;
  EXPECT_TRUE(state.lingering.empty());
}

TEST_F(link, F62_DraftsGoByTheChatsPlatformNotByTheSessionDefault) {
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(
      descriptor_line("discord", 2000) +
      R"({"type":"descriptor","descriptor":{"platform":"telegram","supports_draft_streaming":true,"supported_ops":["send","draft"]}})"
      "\n");
  settle();
  ask({"t", "telegram", {}, relay::wire::draft("c", 1, "so far", false)});
  ask({"d", "discord", {}, relay::wire::draft("c", 1, "so far", false)});
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(field(sent()[0], "platform"), "telegram");
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.code, "unsupported");
}

} // namespace
} // namespace relay::testing
