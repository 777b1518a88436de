#include "relay_gateway/actors/supervision/core/stop_plan.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace relay::core {
namespace stop_plan_test {

using namespace std::chrono_literals;

TEST(StopPlan, GoesThroughItsStagesInOrder) {
  stop_plan x;
  auto a = x.begin(25s);
  EXPECT_TRUE(a.drain_link);
  EXPECT_EQ(*a.limit, 22s) << "the last part of the grace belongs to closing";
  auto b = x.link_quiet();
  EXPECT_TRUE(b.finish_agent && b.await_events);
  EXPECT_TRUE(x.events_taken().await_actions);
  auto c = x.actions_settled(false);
  EXPECT_TRUE(c.close_link);
  EXPECT_FALSE(c.stop_children);
  EXPECT_TRUE(x.link_stopped().stop_children);
  EXPECT_EQ(x.stage(), stop_stage::stopping);
}

TEST(StopPlan, WithoutALinkThereIsNothingToClose) {
  stop_plan x;
  x.begin(25s);
  x.link_quiet();
  x.events_taken();
  auto out = x.actions_settled(true);
  EXPECT_FALSE(out.close_link);
  EXPECT_TRUE(out.stop_children);
}

TEST(StopPlan, AVeryShortGraceIsHalved) {
  stop_plan x;
  EXPECT_EQ(*x.begin(2s).limit, 1s);
}

TEST(StopPlan, IsOrderedOnce) {
  stop_plan x;
  x.begin(25s);
  auto again = x.begin(25s);
  EXPECT_FALSE(again.drain_link);
  EXPECT_FALSE(again.limit);
}

TEST(StopPlan, EveryChildIsStoppedOnceAndTheSourceOfTheDataFirst) {
  auto all = stop_sequence;
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  auto at = [](std::string_view name) {
    return std::find(stop_sequence.begin(), stop_sequence.end(), name) - stop_sequence.begin();
  };
  EXPECT_LT(at("link-manager"), at("inbound"));
  EXPECT_LT(at("inbound"), at("agent"));
  EXPECT_LT(at("agent"), at("egress-router"));
}

// Whatever is heard, and whatever is never heard: when each limit that was armed runs out, the children are
// stopped and then killed, within the grace and the patience for the children.
RC_GTEST_PROP(StopPlanProperty, EndsWithinItsBudgetWhateverIsHeard, ()) {
  stop_plan x;
  auto grace = std::chrono::milliseconds{*rc::gen::inRange(1, 100'000)};
  std::chrono::nanoseconds spent{0};
  std::chrono::nanoseconds limit{0};
  bool stopping = false, killed = false;
  auto take = [&](const stop_orders& out) {
    if (out.limit) limit = *out.limit;
    RC_ASSERT(!(stopping && (out.drain_link || out.close_link || out.stop_children)));
    stopping = stopping || out.stop_children;
    killed = killed || out.kill_children;
  };
  take(x.begin(grace));
  for (auto what : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5))) {
    switch (what) {
    case 0: take(x.link_quiet()); break;
    case 1: take(x.events_taken()); break;
    case 2: take(x.actions_settled(*rc::gen::arbitrary<bool>())); break;
    case 3: take(x.link_stopped()); break;
    case 4: take(x.due(x.generation() - 1, false)); break; // void
    }
  }
  for (int i = 0; i < 4 && !killed; ++i) {
    spent += limit;
    take(x.due(x.generation(), false));
  }
  RC_ASSERT(stopping);
  RC_ASSERT(killed);
  RC_ASSERT(spent <= std::chrono::nanoseconds{grace} + stop_plan::child_patience);
}

} // namespace stop_plan_test
} // namespace relay::core
