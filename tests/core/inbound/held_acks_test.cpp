// Acks while the disk is full.
#include "relay_gateway/actors/inbound/core/admission_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay::core {
namespace held_acks_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(HeldAcks, TheyWaitUntilThereIsRoom) {
  held_acks x;
  EXPECT_FALSE(x.holding());
  EXPECT_TRUE(x.told(false, 1));
  EXPECT_TRUE(x.holding());
  x.hold({"a", "b"});
  x.hold({"c"});
  EXPECT_TRUE(x.told(true, 2));
  EXPECT_FALSE(x.holding());
  EXPECT_THAT(x.release(), ElementsAre("a", "b", "c")) << "in their order";
  EXPECT_THAT(x.release(), IsEmpty());
}

TEST(HeldAcks, WhatIsOlderThanWhatIsKnownSaysNothing) {
  held_acks x;
  EXPECT_TRUE(x.told(false, 7)) << "a receipt came before what whoever watches was told";
  EXPECT_FALSE(x.told(true, 6));
  EXPECT_TRUE(x.holding());
  EXPECT_TRUE(x.told(false, 7));
  EXPECT_TRUE(x.told(true, 8));
  EXPECT_FALSE(x.holding());
}

TEST(HeldAcks, AnIdThatComesAgainIsNotAcknowledgedForWhatItNamedBefore) {
  held_acks x;
  (void)x.told(false, 1);
  x.hold({"a", "b"});
  x.withdraw("a");
  (void)x.told(true, 2);
  EXPECT_THAT(x.release(), ElementsAre("b"));
  x.hold({"c"});
  x.clear();
  EXPECT_THAT(x.release(), IsEmpty()) << "a new connection brings it again";
}

TEST(HeldAcks, Bounded) {
  held_acks x;
  (void)x.told(false, 1);
  for (int i = 0; i < 20'000; ++i) x.hold({std::to_string(i)});
  EXPECT_EQ(x.size(), 10'000U);
  EXPECT_THAT(x.release(), SizeIs(10'000));
}

} // namespace held_acks_test
} // namespace relay::core
