// The way out while the disk hangs or fails (agent-link.md, Promises).
#include "relay_gateway/tests/actors/egress/outbox_fixture.hpp"

namespace relay::testing {
namespace {

TEST_F(outbox, WhatTheDiskDoesNotTakeFailsAsDefiniteAndNeverGoesOut) {
  up();
  disk->refuse("disk full");
  ask(send("r1"));
  advance(29s);
  EXPECT_TRUE(agent->outcomes.empty());
  advance(2s);
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::definite);
  EXPECT_EQ(agent->outcomes[0].result.code, "not_stored");
  disk->heal();
  settle();
  EXPECT_TRUE(sent().empty());
  EXPECT_TRUE(disk->disk.actions.empty()) << "its outcome followed it";
  restart();
  handshake();
  EXPECT_TRUE(sent().empty());
  ask(send("r1"));
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.code, "not_stored");
}

TEST_F(outbox, ADiskThatFailsAgainFailsWhatComesThen) {
  up();
  for (auto* id : {"r1", "r2"}) {
    agent->outcomes.clear();
    disk->refuse("disk full");
    ask(send(id));
    advance(31s);
    ASSERT_EQ(agent->outcomes.size(), 1U) << id;
    EXPECT_EQ(agent->outcomes[0].result.code, "not_stored");
    disk->heal();
    settle();
  }
  ask(send("r3"));
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(outbox, WhatWaitsForAStoreThatDoesNotOpenFailsAsDefinite) {
  disk->hold();
  up();
  ask(send("r1"));
  advance(31s);
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].request_id, "r1");
  EXPECT_EQ(agent->outcomes[0].result.code, "not_stored");
  disk->release();
  settle();
  EXPECT_TRUE(sent().empty());
  ask(send("r1"));
  EXPECT_EQ(sent().size(), 1U) << "nothing was recorded: it may be asked again";
}

TEST_F(outbox, F29_AnOutcomeThatCannotBeWrittenIsRememberedAndTheActionNotDoneAgain) {
  up();
  ask(send("r1"));
  disk->refuse("disk full");
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U) << "the agent does not wait for the disk";
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
  ask(send("r1"));
  EXPECT_EQ(sent().size(), 1U);
  ASSERT_EQ(agent->outcomes.size(), 2U);
  EXPECT_EQ(agent->outcomes[1].result.how, outcome::done);
  kill_router(); // not even that loses it: the write is on its way
  disk->heal();
  advance(1s);
  ask(send("r1"));
  EXPECT_EQ(sent().size(), 1U);
  ASSERT_EQ(agent->outcomes.size(), 3U);
  EXPECT_EQ(agent->outcomes[2].result.how, outcome::done);
}

TEST_F(outbox, NothingGrowsWhileTheDiskHangs) {
  settings.limits.max_pending = 100;
  up();
  disk->hold();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 300; ++i) {
      auto n = std::to_string(1000 * round + i);
      ask(send(n, "x", n));
      ask(send(n, "x", n)); // a repeat of each
    }
    advance(31s);
  }
  EXPECT_EQ(agent->outcomes.size(), 5U * 300U * 2U) << "everybody is told";
  EXPECT_LE(router().outbox.waiting(), 100U);
  EXPECT_LE(router().outbox.records(), 300U);
  EXPECT_LE(router().outbox.commits_in_flight(), 64U);
  EXPECT_EQ(report().egress.pending, 0U);
  disk->release();
  settle();
  EXPECT_TRUE(sent().empty());
  EXPECT_TRUE(disk->disk.actions.empty());
  EXPECT_EQ(router().outbox.waiting(), 0U);
}

TEST_F(outbox, RepeatsThatWaitAreBounded) {
  settings.limits.max_pending = 3;
  up();
  for (int i = 0; i < 5; ++i) ask(send("r1"));
  ASSERT_EQ(agent->outcomes.size(), 1U) << "one is open, three wait for it";
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
  answer_all();
  EXPECT_EQ(agent->outcomes.size(), 5U);
  for (int i = 0; i < 5; ++i) ask(send("r2"));
  EXPECT_EQ(agent->outcomes.size(), 6U) << "those that were told make room";
}

TEST_F(outbox, WhatWaitsForAStoreThatDoesNotOpenIsBounded) {
  settings.limits.max_pending = 3;
  disk->hold();
  up();
  for (int i = 0; i < 5; ++i) ask(send(std::to_string(i)));
  ASSERT_EQ(agent->outcomes.size(), 2U);
  EXPECT_EQ(agent->outcomes[0].request_id, "3");
  EXPECT_EQ(agent->outcomes[0].result.code, "overloaded");
}

TEST_F(outbox, DrainWithoutALinkFailsWhatTheDiskTakesOnlyThen) {
  start(with::scripted);
  disk->hold();
  ask(send("r1"));
  caf::anon_send(root, command::drain);
  settle();
  EXPECT_TRUE(agent->outcomes.empty());
  disk->release();
  settle();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.code, "not_connected");
}

TEST_F(outbox, DrainWaitsForOutcomesToReachTheDisk) {
  up();
  ask(send("r1"));
  caf::anon_send(root, command::drain);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  disk->hold();
  answer_all();
  EXPECT_EQ(env.link->last().closed_with, 0);
  disk->release();
  settle();
  EXPECT_EQ(env.link->last().closed_with, 1000);
  EXPECT_EQ(disk->disk.outcomes.size(), 1U);
}

} // namespace
} // namespace relay::testing
