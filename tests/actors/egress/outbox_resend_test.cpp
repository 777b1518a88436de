// `on_unknown: resend`: what may be sent again, and when no more (agent-link.md, Promises).
#include "relay_gateway/tests/actors/egress/outbox_fixture.hpp"

namespace relay::testing {
namespace {

TEST_F(outbox, ResendGoesOutAgainOnTheNextConnection) {
  up();
  ask(resend(send("r1")));
  env.link->last().end();
  settle();
  EXPECT_TRUE(agent->outcomes.empty());
  advance(2s);
  handshake();
  answered = 0;
  EXPECT_EQ(contents(), strings{"x"});
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
}

TEST_F(outbox, ResendGoesOutAgainWhenNoResultComes) {
  up();
  ask(resend(send("r1")));
  advance(31s);
  EXPECT_EQ(contents(), (strings{"x", "x"}));
  advance(31s);
  advance(31s);
  EXPECT_EQ(sent().size(), 3U);
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
}

TEST_F(outbox, ResendGoesOutAgainAfterARestart) {
  up();
  ask(resend(send("r1")));
  restart();
  handshake();
  EXPECT_EQ(contents(), strings{"x"});
  answer_all();
  ask(send("r1"));
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
}

TEST_F(outbox, ARefusalAfterARestartDoesNotSayThatTheFirstOneDidNotArrive) {
  up();
  ask(resend(send("r1")));
  restart();
  handshake();
  ASSERT_EQ(contents(), strings{"x"});
  refuse_all();
  ask(send("r1"));
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
}

// Seed 4962: it was told as refused, and done by the next process.
TEST_F(outbox, AFailureOfWhatMayBeSentAgainIsToldOnceTheDiskKnowsOfIt) {
  up();
  ask(resend(send("r1")));
  disk->hold();
  refuse_all();
  EXPECT_TRUE(agent->outcomes.empty()) << "a crash now would send it again";
  disk->release();
  settle();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::definite);
}

TEST_F(outbox, AfterARestartResendGoesOutWithinItsHoldOnly) {
  up();
  ask(resend(send("r1")));
  env.machine->wall += 31'000;
  restart();
  handshake();
  EXPECT_EQ(contents(), strings{});
  ask(send("r1"));
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown) << "it may have arrived before";
}

// Seed 1328: an older state of a message went out behind the newer one that had taken its place.
TEST_F(outbox, AnEditThatANewerOneTookTheFrameOfIsNotSentAgainWithItsOlderText) {
  auto edit = [](std::string id, std::string text) {
    return action_request{std::move(id), "discord", {}, wire::edit("c", "m", std::move(text)), false};
  };
  up();
  ask(send("r0"));
  ask(resend(edit("r1", "older")));
  ask(edit("r2", "newer"));
  env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent()[0], "requestId") +
                       R"(","result":{"success":true,"message_id":"m0"}})"
                       "\n");
  settle();
  ASSERT_EQ(contents(), (strings{"x", "newer"}));
  restart();
  handshake();
  EXPECT_EQ(contents(), strings{}) << "nobody knows whether the newer one arrived";
  ask(edit("r1", "older"));
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
}

TEST_F(outbox, AnAgentSaysOnUnknownBesideItsAction) {
  start(with::link);
  auto a = attach(1);
  say(a,
      R"({"type":"action","request_id":"r1","platform":"discord","on_unknown":"resend","action":{"op":"send","chat_id":"c","content":"x"}})"
      "\n");
  ASSERT_EQ(disk->disk.actions.size(), 1U);
  EXPECT_TRUE(disk->disk.actions.begin()->second.what.resend_unknown);
}

} // namespace
} // namespace relay::testing
