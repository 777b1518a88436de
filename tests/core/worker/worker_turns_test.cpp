#include "relay_gateway/actors/worker/core/worker_turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace relay::core {
namespace worker_turns_test {

using numbers = std::vector<std::uint64_t>;

TEST(WorkerTurns, AnEventIsTakenOnce) {
  worker_turns all;
  EXPECT_EQ(all.arrived("gw\nd1", 1, 1), turn_arrival::fresh);
  EXPECT_TRUE(all.acked("gw\nd1"));
  EXPECT_FALSE(all.acked("gw\nd1"));
  EXPECT_EQ(all.settled("gw\nd1"), numbers{1});
  EXPECT_EQ(all.size(), 0U);
}

TEST(WorkerTurns, WhatIsTakenIsKeptUntilItIsAnswered) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  EXPECT_TRUE(all.acked("gw\nd1", false));
  EXPECT_EQ(all.taken(), 1U);
  EXPECT_EQ(all.settled("gw\nd1"), numbers{}) << "the gateway has heard of it";
  EXPECT_EQ(all.messages(), numbers{1});
  EXPECT_EQ(all.arrived("gw\nd1", 2, 1), turn_arrival::over) << "it asks again";
  EXPECT_EQ(all.arrived("gw\nd1", 3, 1), turn_arrival::known) << "and will hear";
  EXPECT_EQ(all.settled("gw\nd1"), numbers{});
  EXPECT_FALSE(all.acked("gw\nd1", false));
  EXPECT_EQ(all.answered("gw\nd1"), (numbers{1, 2, 3}));
  EXPECT_EQ(all.answered("gw\nd1"), numbers{});
  EXPECT_EQ(all.taken(), 0U);
}

TEST(WorkerTurns, TheGatewayHearsOfItFirst) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  all.acked("gw\nd1", false);
  EXPECT_EQ(all.answered("gw\nd1"), numbers{}) << "it was quicker than the ack";
  EXPECT_EQ(all.settled("gw\nd1"), numbers{1});
}

TEST(WorkerTurns, WhatIsAnsweredIsKeptUntilItsActionsAreStored) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  all.acked("gw\nd1", false);
  EXPECT_EQ(all.settled("gw\nd1"), numbers{});
  all.publishing("gw\nd1");
  all.publishing("gw\nd1");
  EXPECT_EQ(all.published("gw\nd1"), numbers{});
  EXPECT_EQ(all.answered("gw\nd1"), numbers{}) << "one of its actions is on its way";
  EXPECT_EQ(all.published("gw\nd1"), numbers{1});
  EXPECT_EQ(all.size(), 0U);
  all.publishing("gw\nother");
  EXPECT_EQ(all.published("gw\nother"), numbers{}) << "it is not in hand";
}

TEST(WorkerTurns, WhatWasNotTakenMayBeRepeated) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  EXPECT_EQ(all.repeated("gw\nd1"), numbers{1});
  EXPECT_EQ(all.arrived("gw\nd1", 1, 2), turn_arrival::fresh);
  all.acked("gw\nd1", false);
  EXPECT_EQ(all.repeated("gw\nd1"), numbers{}) << "the agent took it";
  all.forget("gw\nd1");
  EXPECT_EQ(all.taken(), 0U);
  EXPECT_EQ(all.arrived("gw\nd1", 1, 3), turn_arrival::suspect);
  EXPECT_EQ(all.arrived("gw\nd2", 2, 3, 8), turn_arrival::fresh) << "some may be given out more often";
}

TEST(WorkerTurns, WhatAGoneAgentHadNotAnsweredIsTakenAnew) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  all.acked("gw\nd1", false);
  all.settled("gw\nd1");
  all.arrived("gw\nd2", 2, 1);
  EXPECT_EQ(all.abandoned("gw\n"), numbers{1});
  EXPECT_EQ(all.taken(), 0U);
  EXPECT_EQ(all.arrived("gw\nd1", 1, 2), turn_arrival::fresh);
  EXPECT_EQ(all.open("gw\n").size(), 2U);
}

TEST(WorkerTurns, ARepeatOfOneInHandIsSettledWithIt) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  EXPECT_EQ(all.arrived("gw\nd1", 2, 1), turn_arrival::again);
  EXPECT_EQ(all.arrived("gw\nd1", 2, 2), turn_arrival::known); // the same message
  all.acked("gw\nd1");
  auto settled = all.settled("gw\nd1");
  std::sort(settled.begin(), settled.end());
  EXPECT_EQ(settled, (numbers{1, 2}));
}

TEST(WorkerTurns, ARepeatOfOneThatWasTakenIsNotTakenAgain) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  all.acked("gw\nd1");
  all.settled("gw\nd1");
  EXPECT_EQ(all.arrived("gw\nd1", 2, 1), turn_arrival::over);
  EXPECT_EQ(all.settled("gw\nd1"), numbers{2});
}

TEST(WorkerTurns, WhatIsOnItsWayToTheGatewayIsNotTakenAgain) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  all.acked("gw\nd1");
  EXPECT_EQ(all.arrived("gw\nd1", 1, 2), turn_arrival::known);
  EXPECT_EQ(all.arrived("gw\nd1", 2, 1), turn_arrival::known);
  EXPECT_EQ(all.settled("gw\nd1").size(), 2U);
}

TEST(WorkerTurns, WhatAnAgentHasIsKnownByItsGateway) {
  worker_turns all;
  all.arrived("one\nd1", 1, 1);
  all.arrived("one\nd2", 2, 1);
  all.arrived("two\nd1", 3, 1);
  all.acked("one\nd2");
  EXPECT_EQ(all.open("one\n"), std::vector<std::string>{"one\nd1"});
}

TEST(WorkerTurns, TheGatewayDecidesAboutWhatOthersFellSilentOver) {
  worker_turns all;
  EXPECT_EQ(all.arrived("gw\nd1", 1, 2), turn_arrival::fresh);
  EXPECT_EQ(all.arrived("gw\nd2", 2, 3), turn_arrival::suspect);
  EXPECT_TRUE(all.returned("gw\nd2"));
  EXPECT_FALSE(all.returned("gw\nd2"));
}

TEST(WorkerTurns, WhatWasGivenBackMayComeAgain) {
  worker_turns all;
  all.arrived("gw\nd1", 1, 1);
  EXPECT_TRUE(all.returned("gw\nd1"));
  EXPECT_FALSE(all.acked("gw\nd1")); // too late
  all.settled("gw\nd1");
  EXPECT_EQ(all.arrived("gw\nd1", 2, 1), turn_arrival::fresh);
}

TEST(WorkerTurns, TwoGatewaysMayHaveTheSameDeliveryId) {
  worker_turns all;
  EXPECT_EQ(all.arrived("one\nd1", 1, 1), turn_arrival::fresh);
  EXPECT_EQ(all.arrived("two\nd1", 2, 1), turn_arrival::fresh);
  EXPECT_EQ(all.size(), 2U);
}

TEST(WorkerTurns, WhatIsRememberedIsBounded) {
  worker_turns all;
  for (std::uint64_t i = 0; i <= 10'000; ++i) {
    const auto id = std::to_string(i);
    all.arrived(id, i, 1);
    all.acked(id);
    all.settled(id);
  }
  EXPECT_EQ(all.arrived("0", 1, 1), turn_arrival::fresh);
  EXPECT_EQ(all.arrived("10000", 2, 1), turn_arrival::over);
}

} // namespace worker_turns_test
} // namespace relay::core
