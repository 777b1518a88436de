// What a queue has lost although it said that it is stored: acks bring the actions that they follow.
#include "relay_gateway/tests/actors/worker/pool_fixture.hpp"

namespace relay::testing {
namespace {

TEST_F(pool, AnActionThatTheQueueLostComesWithItsAck) {
  start_gateway();
  start_worker("w1", false, false);
  arrives("c", "one", "1");
  arrives("c", "two", "2");
  auto& script = *agents["w1"];
  ASSERT_EQ(script.deliveries.size(), 1U);
  queue->lose_stored(1); // it has a receipt
  says("w1", "q1", "answer");
  EXPECT_EQ(answers(), 0U);
  acks_first("w1");
  ASSERT_EQ(answers(), 1U);
  EXPECT_EQ(script.deliveries.size(), 1U) << "the next event waits for it";
  EXPECT_EQ(env.log->count("queue.action_missed"), 1U);
  answer_all();
  EXPECT_EQ(script.deliveries.size(), 2U);
  advance(120s, 1s);
  EXPECT_EQ(answers(), 1U) << "and it is not asked again";
}

TEST_F(pool, AnAckWaitsForOutcomesThatAreTooLargeToGoWithIt) {
  start_gateway();
  start_worker("w1", false, false);
  arrives("c", "one", "1");
  arrives("c", "two", "2");
  auto& script = *agents["w1"];
  queue->lose_stored(1);
  constexpr std::size_t large = 17UL << 10;
  says("w1", "q1", std::string(large, 'x'));
  acks_first("w1");
  EXPECT_EQ(answers(), 0U);
  EXPECT_EQ(script.deliveries.size(), 1U);
  for (int i = 0; i < 100 && script.deliveries.size() < 2; ++i) {
    advance(1s);
    answer_all();
  }
  EXPECT_GE(answers(), 1U) << "it was asked again";
  EXPECT_EQ(script.deliveries.back().event->text, "two");
}

} // namespace
} // namespace relay::testing
