// A gateway, a queue and workers: what happens to events and actions when any of them fails.
#include "relay_gateway/tests/actors/worker/pool_fixture.hpp"

namespace relay::testing {
namespace {

TEST_F(pool, AnEventIsAnsweredByAWorker) {
  start_gateway();
  start_worker("w1");
  EXPECT_EQ(report().inbound.agents, 1U);
  arrives("c", "hello", "1");
  ASSERT_EQ(answers(), 1U);
  EXPECT_NE(sent()[0].find("hello"), std::string::npos);
  EXPECT_EQ(report().inbound.pending, 1U) << "its answer has no outcome yet";
  answer_all();
  EXPECT_EQ(report().inbound.pending, 0U);
  advance(1s);
  EXPECT_EQ(queue->stored("relay_IN"), 0U);
  EXPECT_EQ(queue->stored("relay_OUT_gw-test"), 0U) << "all is settled once it is done";
}

TEST_F(pool, TheNextEventWaitsForTheAnswerOfThisOne) {
  start_gateway();
  start_worker("w1");
  arrives("c", "one", "1");
  arrives("c", "two", "2");
  arrives("other", "three", "3");
  EXPECT_EQ(answers(), 2U) << "one of each chat";
  answer_all();
  EXPECT_EQ(answers(), 3U);
}

TEST_F(pool, AnAckDoesNotWaitForAnAnswerForEver) {
  start_gateway();
  start_worker("w1");
  arrives("c", "one", "1");
  EXPECT_EQ(report().inbound.pending, 1U);
  env.link->last().end(0, "gone"); // the answer was written, and nobody knows
  advance(70s, 1s);
  EXPECT_EQ(report().inbound.pending, 0U);
  EXPECT_EQ(env.log->count("event.dead_letter"), 0U);
}

TEST_F(pool, WithoutAWorkerEventsWaitAndNoTimeRuns) {
  start_gateway();
  arrives("c", "hello", "1");
  advance(600s, 5s);
  EXPECT_EQ(report().inbound.pending, 1U);
  EXPECT_EQ(queue->stored("relay_IN"), 0U);
  start_worker("w1");
  EXPECT_EQ(answers(), 1U);
}

TEST_F(pool, WhatAKilledWorkerHadGoesToAnother) {
  start_gateway();
  start_worker("w1", false, false);
  arrives("c", "hello", "1");
  ASSERT_EQ(agents["w1"]->deliveries.size(), 1U);
  EXPECT_FALSE(agents["w1"]->deliveries[0].redelivered);
  kill_worker("w1");
  start_worker("w2", false);
  queue->ack_wait_over();
  settle();
  ASSERT_EQ(agents["w2"]->deliveries.size(), 1U);
  EXPECT_TRUE(agents["w2"]->deliveries[0].redelivered);
  EXPECT_EQ(report().inbound.pending, 0U);
}

TEST_F(pool, WhatAKilledWorkerHadTakenAndNotAnsweredGoesToAnother) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "hello", "1");
  EXPECT_EQ(report().inbound.pending, 0U) << "the gateway does not wait for the answer";
  advance(1s);
  EXPECT_EQ(queue->stored("relay_IN"), 1U) << "the queue does";
  kill_worker("w1");
  start_worker("w2", false, true, true);
  queue->ack_wait_over();
  settle();
  auto& script = *agents["w2"];
  ASSERT_EQ(script.deliveries.size(), 1U);
  EXPECT_TRUE(script.deliveries[0].redelivered);
  answered("w2");
  EXPECT_EQ(queue->stored("relay_IN"), 0U);
}

TEST_F(pool, AQuestionOutlivesOneWorkerAfterTheOther) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "hello", "1");
  for (const auto& [dead, next] : {std::pair{"w1", "w2"}, {"w2", "w3"}, {"w3", "w4"}}) {
    kill_worker(dead);
    start_worker(next, false, true, true);
    queue->ack_wait_over();
    settle();
    ASSERT_EQ(agents[next]->deliveries.size(), 1U) << next;
    EXPECT_TRUE(agents[next]->deliveries[0].redelivered);
    EXPECT_EQ(queue->stored("relay_IN"), 1U);
  }
  answered("w4");
  EXPECT_EQ(queue->stored("relay_IN"), 0U);
  EXPECT_EQ(answers(), 0U);
}

TEST_F(pool, AQuestionThatNoWorkerSurvivesIsToldToItsChat) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "poison", "1");
  for (int i = 1; answers() == 0 && i < 20; ++i) {
    kill_worker("w" + std::to_string(i));
    start_worker("w" + std::to_string(i + 1), false, true, true);
    queue->ack_wait_over();
    settle();
  }
  ASSERT_EQ(answers(), 1U);
  EXPECT_NE(sent()[0].find("could not be answered"), std::string::npos);
  EXPECT_EQ(env.log->count("worker.suspect_event"), 1U);
  answer_all();
  advance(1s);
  EXPECT_EQ(queue->stored("relay_IN"), 0U);
  EXPECT_EQ(queue->stored("relay_OUT_gw-test"), 0U);
}

TEST_F(pool, AnAckThatIsRepeatedIsNoAnswer) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "hello", "1");
  const auto id = agents["w1"]->deliveries.at(0).id;
  caf::scoped_actor acks{sys};
  acks->send(agents["w1"]->host.acks, delivery_ack{id});
  settle();
  advance(1s);
  EXPECT_EQ(queue->stored("relay_IN"), 1U);
  kill_worker("w1");
  start_worker("w2", false, true, true);
  queue->ack_wait_over();
  settle();
  EXPECT_EQ(agents["w2"]->deliveries.size(), 1U);
}

TEST_F(pool, AnAnsweredEventWaitsForItsActions) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "hello", "1");
  advance(1s);
  queue->hold_receipts(true);
  auto& script = *agents["w1"];
  caf::scoped_actor asks{sys};
  asks->send(script.host.actions,
             action_request{"q1", "discord", script.deliveries.at(0).id, wire::send("c", "hi")});
  answered("w1");
  EXPECT_EQ(queue->stored("relay_IN"), 1U) << "its action may not be stored";
  queue->hold_receipts(false);
  settle();
  EXPECT_EQ(queue->stored("relay_IN"), 0U);
}

TEST_F(pool, OneRequestIdAskedTwiceIsAnsweredTwice) {
  start_gateway();
  start_worker("w1", false);
  arrives("c", "hello", "1");
  auto& script = *agents["w1"];
  caf::scoped_actor one{sys}, two{sys};
  for (auto* who : {&one, &two})
    (*who)->send(script.host.actions, action_request{"q1", "discord", {}, wire::send("c", "hi")});
  settle();
  EXPECT_EQ(env.metrics->gauges["relay_gateway_agent_actions"], 2);
  answer_all();
  advance(1s);
  EXPECT_EQ(env.metrics->gauges["relay_gateway_agent_actions"], 0);
  EXPECT_EQ(answers(), 1U);
}

TEST_F(pool, WhatIsNotStoredIsCounted) {
  start_gateway();
  start_worker("w1");
  queue->lose_publications(1);
  arrives("c", "hello", "1");
  EXPECT_EQ(env.metrics->get("queue_publications_total{failed}"), 1U);
  EXPECT_EQ(env.log->count("queue.publish_failed"), 1U);
  advance(10s);
  EXPECT_EQ(env.metrics->get("queue_publications_total{failed}"), 1U);
  EXPECT_EQ(answers(), 1U);
}

TEST_F(pool, WhatWaitsForAnAgentThatDoesNotComeGoesToAnotherWorker) {
  start_gateway();
  agents_present = false;
  start_worker("w1", false);
  arrives("c", "hello", "1");
  agents_present = true;
  start_worker("w2", false);
  EXPECT_TRUE(agents["w2"]->deliveries.empty()) << "the first one has it";
  advance(25s, 1s);
  EXPECT_TRUE(agents["w1"]->deliveries.empty());
  ASSERT_EQ(agents["w2"]->deliveries.size(), 1U);
  EXPECT_EQ(env.log->count("event.dead_letter"), 0U);
}

TEST_F(pool, WhatASecondAgentDiedOverBeforeItTookItIsNotLost) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "hello", "1");
  kill_worker("w1");
  start_worker("w2", false, false, true); // it reads the event's images
  queue->ack_wait_over();
  settle();
  ASSERT_EQ(agents["w2"]->deliveries.size(), 1U);
  caf::scoped_actor kills{sys};
  kills->send_exit(caf::actor_cast<caf::actor>(hosted.at("w2").back()), caf::exit_reason::kill);
  settle();
  EXPECT_EQ(agents["w2"]->deliveries.size(), 2U);
  EXPECT_EQ(queue->stored("relay_IN"), 1U);
}

TEST_F(pool, WhatIsBeingAnsweredTakesNoRoom) {
  start_gateway();
  start_worker("w1", false, true, true);
  for (int i = 0; i < 9; ++i) arrives("c" + std::to_string(i), "hello", std::to_string(i));
  EXPECT_EQ(agents["w1"]->deliveries.size(), 9U) << "it works on four at a time that are not taken";
  EXPECT_EQ(queue->stored("relay_IN"), 9U);
}

TEST_F(pool, WhatAnAgentTookAndDidNotAnswerGoesToTheNextOne) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "hello", "1");
  auto& script = *agents["w1"];
  ASSERT_EQ(script.deliveries.size(), 1U);
  caf::scoped_actor kills{sys};
  kills->send_exit(caf::actor_cast<caf::actor>(hosted.at("w1").back()), caf::exit_reason::kill);
  settle();
  EXPECT_EQ(script.deliveries.size(), 2U);
  EXPECT_EQ(env.log->count("event.dead_letter"), 0U);
}

TEST_F(pool, AWorkerThatIsSilentIsNoTaker) {
  start_gateway();
  start_worker("w1");
  EXPECT_EQ(report().inbound.agents, 1U);
  kill_worker("w1");
  advance(11s);
  EXPECT_EQ(report().inbound.agents, 0U);
}

TEST_F(pool, ALostReceiptPublishesNothingTwice) {
  start_gateway();
  start_worker("w1");
  queue->lose_receipts(1); // of the event
  arrives("c", "hello", "1");
  advance(2s);
  EXPECT_EQ(answers(), 1U);
  arrives("c", "more", "2");
  queue->lose_receipts(1); // of whatever comes next
  advance(2s);
  EXPECT_EQ(answers(), 1U) << "one action of a chat at a time";
  answer_all();
  advance(2s);
  EXPECT_EQ(answers(), 2U);
}

TEST_F(pool, LostReceiptsOfAWorkerDoNothingTwice) {
  start_gateway();
  start_worker("w1", false);
  arrives("c", "hello", "1");
  auto& script = *agents["w1"];
  ASSERT_EQ(script.deliveries.size(), 1U);
  queue->lose_receipts(1);
  caf::scoped_actor asks{sys};
  asks->send(script.host.actions,
             action_request{"q1", "discord", script.deliveries[0].id, wire::send("c", "hi")});
  settle();
  advance(2s);
  EXPECT_EQ(answers(), 1U);
  EXPECT_EQ(queue->stored("relay_OUT_gw-test"), 1U) << "until its outcome is known";
  answer_all();
  advance(1s);
  EXPECT_EQ(queue->stored("relay_OUT_gw-test"), 0U);
  EXPECT_EQ(answers(), 1U);
}

TEST_F(pool, TheSameRequestAgainGetsTheRecordedOutcome) {
  start_gateway();
  start_worker("w1", false);
  arrives("c", "hello", "1");
  auto& script = *agents["w1"];
  const auto ask = [&] {
    caf::scoped_actor asks{sys};
    bool got = false;
    asks->send(script.host.actions,
               action_request{"q1", "discord", script.deliveries[0].id, wire::send("c", "hi")});
    settle();
    answer_all();
    asks->receive(
        [&](const action_outcome& x) { got = x.result.how == outcome::done && x.request_id == "q1"; },
        caf::after(0s) >> [] {});
    return got;
  };
  EXPECT_TRUE(ask());
  EXPECT_TRUE(ask()) << "its message is a duplicate, and the gateway is asked all the same";
  EXPECT_EQ(answers(), 1U);
}

TEST_F(pool, WhileTheServerIsAwayNobodyIsThereAndNothingIsLost) {
  start_gateway();
  start_worker("w1");
  queue->down();
  settle();
  EXPECT_EQ(report().inbound.agents, 0U);
  arrives("c", "hello", "1");
  advance(300s, 5s);
  EXPECT_EQ(answers(), 0U);
  EXPECT_EQ(report().inbound.pending, 1U);
  queue->up();
  settle();
  advance(1s);
  EXPECT_EQ(answers(), 1U);
  answer_all();
  EXPECT_EQ(report().inbound.pending, 0U);
}

TEST_F(pool, AServerThatStoresNothingIsNotUsed) {
  start_gateway();
  start_worker("w1");
  queue->lose_publications(1'000);
  arrives("c", "hello", "1");
  EXPECT_EQ(report().inbound.agents, 0U);
  advance(60s, 1s);
  EXPECT_EQ(report().inbound.agents, 0U);
  queue->lose_publications(0);
  advance(6s);
  EXPECT_EQ(report().inbound.agents, 1U);
  EXPECT_EQ(answers(), 1U);
}

TEST_F(pool, AnActionOfAWorkerWaitsForTheServer) {
  start_gateway();
  start_worker("w1", false);
  arrives("c", "hello", "1");
  auto& script = *agents["w1"];
  ASSERT_EQ(script.deliveries.size(), 1U);
  queue->down();
  settle();
  caf::scoped_actor asks{sys};
  asks->send(script.host.actions,
             action_request{"q1", "discord", script.deliveries[0].id, wire::send("c", "hi")});
  settle();
  EXPECT_EQ(answers(), 0U);
  queue->up();
  settle();
  EXPECT_EQ(answers(), 1U);
}

TEST_F(pool, WhatAWorkersAgentGivesBackCountsAsADeath) {
  start_gateway();
  start_worker("w1", false, false);
  arrives("c", "poison", "1");
  auto& script = *agents["w1"];
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_EQ(script.deliveries.size(), i);
    EXPECT_EQ(script.deliveries.back().redelivered, i > 1);
    caf::scoped_actor dies{sys};
    dies->send(script.host.acks, delivery_returned{{script.deliveries.back().id}, false});
    settle();
  }
  EXPECT_EQ(script.deliveries.size(), 3U);
  EXPECT_EQ(env.log->count("event.dead_letter"), 1U);
  EXPECT_EQ(report().inbound.pending, 0U);
}

TEST_F(pool, AThirdWorkerIsNotRiskedForOneEvent) {
  start_gateway();
  start_worker("w1", false, false);
  arrives("c", "poison", "1");
  for (const auto* next : {"w2", "w3"}) {
    kill_worker(next == std::string{"w2"} ? "w1" : "w2");
    start_worker(next, false, false);
    queue->ack_wait_over();
    settle();
  }
  // The third one gives it back unseen by its agent, and the gateway gives it out anew.
  EXPECT_EQ(env.log->count("worker.suspect_event"), 1U);
  ASSERT_EQ(agents["w3"]->deliveries.size(), 1U);
  EXPECT_EQ(queue->ids.back().substr(queue->ids.back().rfind('#'), 3), "#2.");
}

TEST_F(pool, OneGatewayAgentIsOneHostedAgent) {
  start_gateway();
  start_worker("w1", false);
  ASSERT_EQ(agents["w1"]->welcomes.size(), 1U);
  EXPECT_EQ(agents["w1"]->welcomes[0].gateway_id, "gw-test");
  EXPECT_EQ(agents["w1"]->welcomes[0].platforms.size(), 2U);
  EXPECT_EQ(agents["w1"]->hosted, 1U);
}

TEST_F(pool, InterruptsReachTheWorker) {
  start_gateway();
  start_worker("w1", false);
  arrives("c", "hello", "1");
  const auto key = agents["w1"]->deliveries.at(0).session_key;
  env.link->last().say(R"({"type":"interrupt_inbound","session_key":")" + key + R"(","chat_id":"c"})" + "\n");
  settle();
  ASSERT_EQ(agents["w1"]->interrupts.size(), 1U);
  EXPECT_EQ(agents["w1"]->interrupts[0].session_key, key);
}

TEST_F(pool, AnotherRouterTellsTheWorkerThatItDoesNotKnow) {
  start_gateway();
  start_worker("w1", false);
  arrives("c", "hello", "1");
  auto& script = *agents["w1"];
  caf::scoped_actor asks{sys};
  asks->send(script.host.actions,
             action_request{"q1", "discord", script.deliveries[0].id, wire::send("c", "hi")});
  settle();
  kill("egress-router");
  advance(2s);
  bool unknown = false;
  asks->receive([&](const action_outcome& x) { unknown = x.result.how == outcome::unknown; },
                caf::after(0s) >> [] {});
  EXPECT_TRUE(unknown);
}

} // namespace
} // namespace relay::testing
