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
  EXPECT_TRUE(x.arm(now + 9s));
}

} // namespace alarm_test
} // namespace relay::core
