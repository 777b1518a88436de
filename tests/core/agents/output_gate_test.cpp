#include "relay_gateway/actors/agents/core/output_gate.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace output_gate_test {
namespace {

constexpr output_bounds few{4, 100, 150};

TEST(OutputGate, ClosesBeyondANumberAndOpensAtHalf) {
  output_gate x{few};
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(x.asked(1, 1));
  EXPECT_TRUE(x.asked(1, 1));
  EXPECT_FALSE(x.asked(1, 1)) << "it is closed already";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(x.settled(1, 1).empty());
  EXPECT_EQ(x.settled(1, 1), std::vector<std::uint64_t>{1});
  EXPECT_EQ(x.actions(), 2U);
}

TEST(OutputGate, ClosesBeyondItsBytes) {
  output_gate x{few};
  EXPECT_FALSE(x.asked(1, 100));
  EXPECT_TRUE(x.asked(1, 1));
  EXPECT_FALSE(x.asked(2, 10)) << "another agent has room of its own";
  EXPECT_EQ(x.settled(1, 100), std::vector<std::uint64_t>{1});
}

TEST(OutputGate, AllTogetherHaveABoundToo) {
  output_gate x{few};
  EXPECT_FALSE(x.asked(1, 80));
  EXPECT_FALSE(x.asked(2, 70));
  EXPECT_TRUE(x.asked(3, 1));
  EXPECT_EQ(x.settled(1, 80), std::vector<std::uint64_t>{3});
  EXPECT_EQ(x.bytes(), 71U);
}

TEST(OutputGate, WhatAnAgentLeftBehindCountsUntilItIsSettled) {
  output_gate x{few};
  x.asked(1, 100);
  EXPECT_TRUE(x.asked(1, 45));
  x.left(1);
  EXPECT_TRUE(x.asked(2, 10)) << "all together are beyond their bound";
  EXPECT_EQ(x.settled(1, 100), std::vector<std::uint64_t>{2});
  x.settled(1, 45);
  EXPECT_EQ(x.bytes(), 10U);
  EXPECT_TRUE(x.settled(1, 45).empty()) << "nothing of it is known any more";
  EXPECT_EQ(x.bytes(), 10U);
}

} // namespace
} // namespace output_gate_test
} // namespace relay::core
