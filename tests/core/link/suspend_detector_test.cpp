#include "relay_gateway/actors/link/core/suspend_detector.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace suspend_watch_test {

using namespace std::chrono_literals;
const instant start = instant{} + 1h;
constexpr std::int64_t wall = 1'790'000'000'000;

TEST(SuspendDetector, ClocksThatGoTogetherMeanNothing) {
  suspend_detector x;
  EXPECT_FALSE(x.look(start, wall).any()) << "the first look";
  for (int i = 1; i < 100; ++i) {
    x.expect(start + i * 5s);
    EXPECT_FALSE(x.look(start + i * 5s, wall + i * 5'000).any());
  }
}

TEST(SuspendDetector, F70_AWallClockThatRanAheadIsASuspend) {
  suspend_detector x;
  x.look(start, wall);
  x.expect(start + 5s);
  auto gap = x.look(start + 5s, wall + 3'605'000);
  EXPECT_EQ(gap.suspended, 1h);
  EXPECT_EQ(gap.late, 0ms);
  EXPECT_FALSE(x.look(start + 10s, wall + 3'610'000).any()) << "told once";
}

TEST(SuspendDetector, F70_ALateLookIsAFreeze) {
  suspend_detector x;
  x.look(start, wall);
  x.expect(start + 500ms);
  auto gap = x.look(start + 1h, wall + 3'600'000);
  EXPECT_EQ(gap.suspended, 0ms);
  EXPECT_EQ(gap.late, 1h - 500ms);
  EXPECT_EQ(x.look(start + 3h, wall + 3 * 3'600'000).late, 0ms) << "no look was due";
}

TEST(SuspendDetector, ASoonerLookForgetsNoGap) {
  suspend_detector x;
  x.look(start, wall);
  x.expect(start + 5s);
  x.expect(start + 1s); // after a suspend that nobody has noticed yet
  EXPECT_EQ(x.look(start + 1s, wall + 61'000).suspended, 1min);
}

TEST(SuspendDetector, ShortGapsAndClocksSetBackAreNothing) {
  suspend_detector x;
  x.look(start, wall);
  x.expect(start + 5s);
  EXPECT_FALSE(x.look(start + 7'999ms, wall + 10'998).any());
  EXPECT_FALSE(x.look(start + 10s, wall - 3'600'000).any()) << "set back by an hour";
  EXPECT_FALSE(x.look(start + 15s, wall - 3'595'000).any());
  EXPECT_EQ(x.look(start + 20s, wall - 3'595'000 + 8'000).suspended, 3s) << "compared with the last look";
}

} // namespace suspend_watch_test
} // namespace relay::core
