#include "relay_gateway/actors/egress/core/routing/open_turns.hpp"
#include "relay_gateway/actors/supervision/core/idle_detector.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace idle_watch_test {

using namespace std::chrono_literals;
const instant start = instant{} + 1h;

TEST(IdleDetector, QuietForLongEnoughAndNotAgainAtOnce) {
  idle_detector x{60s, start};
  EXPECT_FALSE(x.look({}, start + 59s));
  EXPECT_TRUE(x.look({}, start + 60s));
  EXPECT_FALSE(x.look({}, start + 61s));
  EXPECT_TRUE(x.look({}, start + 120s));
}

TEST(IdleDetector, F69_EveryKindOfWorkCountsAndUnreadableIsBusy) {
  idle_detector x{60s, start};
  EXPECT_FALSE(x.look({true, 1, 0}, start + 100s)) << "in hand";
  EXPECT_FALSE(x.look({false, 0, 0}, start + 200s)) << "unreadable";
  EXPECT_FALSE(x.look({true, 0, 7}, start + 300s)) << "came and went between two looks";
  EXPECT_FALSE(x.look({true, 0, 7}, start + 359s));
  EXPECT_TRUE(x.look({true, 0, 7}, start + 360s));
}

TEST(IdleDetector, F68_WithoutAPeriodItNeverActs) {
  idle_detector x{0s, start};
  EXPECT_EQ(x.pace(), 0ms);
  EXPECT_FALSE(x.look({}, start + 24h));
}

TEST(IdleDetector, PaceIsAQuarterButNotFrantic) {
  EXPECT_EQ((idle_detector{60s, start}.pace()), 15s);
  EXPECT_EQ((idle_detector{100ms, start}.pace()), 250ms);
}

TEST(OpenTurns, AnsweredOrGivenUp) {
  open_turns x{15min, 3};
  x.opened("a", start);
  x.opened("a", start);
  x.opened("b", start + 1min);
  EXPECT_EQ(x.count(start + 1min), 2U);
  x.answered("b");
  x.answered("unknown");
  EXPECT_EQ(x.count(start + 2min), 1U);
  EXPECT_EQ(x.count(start + 15min), 0U) << "an agent need not answer";
  for (auto* id : {"1", "2", "3", "4", "5"}) x.opened(id, start + 20min);
  EXPECT_LE(x.count(start + 20min), 3U) << "bounded";
}

TEST(OpenTurns, ATurnThatOpensAgainHasItsWholeTime) {
  open_turns x{15min, 3};
  x.opened("first", start);
  x.opened("again", start + 1min);
  x.answered("again");
  x.opened("again", start + 10min);
  EXPECT_EQ(x.count(start + 16min), 1U) << "its earlier life does not count";
  EXPECT_EQ(x.count(start + 24min), 1U);
  EXPECT_EQ(x.count(start + 25min), 0U);
}

TEST(OpenTurns, ATurnThatWasGivenUpOpensAnew) {
  open_turns x{15min, 3};
  x.opened("a", start);
  x.opened("a", start + 15min);
  EXPECT_EQ(x.count(start + 16min), 1U);
}

TEST(OpenTurns, AnsweredOnesPushNoOpenOneOut) {
  open_turns x{15min, 3};
  x.opened("open", start);
  for (int i = 0; i < 10'000; ++i) {
    x.opened(std::to_string(i), start);
    x.answered(std::to_string(i));
  }
  EXPECT_EQ(x.count(start), 1U);
  EXPECT_EQ(x.count(start + 15min), 0U);
}

} // namespace idle_watch_test
} // namespace relay::core
