#include "relay_gateway/actors/core/alarm.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace alarm_test {

using namespace std::chrono_literals;

TEST(Alarm, OnlyAnEarlierDeadlineNeedsAnotherMessage) {
  const instant now{1h};
  alarm x;
  EXPECT_FALSE(x.arm({}));
  EXPECT_TRUE(x.arm(now + 5s));
  EXPECT_FALSE(x.arm(now + 5s));
  EXPECT_FALSE(x.arm(now + 9s)) << "the first one looks again";
  EXPECT_TRUE(x.arm(now + 2s));
  x.rang();
  EXPECT_FALSE(x.arm(now + 9s)) << "the first one is on its way still";
  x.rang();
  EXPECT_TRUE(x.arm(now + 9s));
}

// However often a sooner deadline turns up: once those messages have come, one is on its way for what is
// left.
TEST(Alarm, ReplacedMessagesDoNotMultiply) {
  const instant now{1h};
  const instant far = now + 1h;
  alarm x;
  int sent = 0, on_their_way = 0;
  const auto arm = [&](instant at) {
    if (x.arm(at)) ++sent, ++on_their_way;
  };
  for (int round = 0; round < 100; ++round) {
    arm(far);
    arm(now + 1s);
    x.rang();
    --on_their_way;
    arm(far);
  }
  EXPECT_EQ(on_their_way, 1);
  EXPECT_EQ(sent, 101);
}

} // namespace alarm_test
} // namespace relay::core
