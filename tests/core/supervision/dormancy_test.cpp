#include "relay_gateway/actors/supervision/core/dormancy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace relay::core {
namespace dormancy_test {

const link_status connected{link_phase::connected, {}, 1, false};
const workload idle_work{true, 0, 5}, busy_work{true, 2, 5}, later_work{true, 0, 6};

TEST(Dormancy, IsWeighedOrderedAndCheckedAgain) {
  dormancy x;
  auto a = x.order({std::chrono::seconds{20}, true}, true, true, connected);
  ASSERT_TRUE(a.read_work);
  auto b = x.work_read(*a.read_work, idle_work, link_phase::connected);
  ASSERT_TRUE(b.order_link);
  EXPECT_EQ(b.order_link->hold, std::chrono::seconds{20});
  auto c = x.link_answered({true, {}}, link_phase::dormant);
  ASSERT_TRUE(c.read_work);
  auto d = x.work_read(*c.read_work, idle_work, link_phase::dormant);
  ASSERT_TRUE(d.settled);
  EXPECT_TRUE(d.settled->asleep);
  EXPECT_TRUE(d.call_sleep_url);
}

TEST(Dormancy, TheSleepUrlIsForTheIdlePolicyAlone) {
  dormancy x;
  auto a = x.order({{}, false}, false, true, connected);
  x.work_read(*a.read_work, busy_work, link_phase::connected);
  auto out = x.link_answered({true, {}}, link_phase::dormant);
  ASSERT_TRUE(out.settled && out.settled->asleep);
  EXPECT_FALSE(out.call_sleep_url);
}

TEST(Dormancy, F70_WorkThatCameBetweenTheTwoLooksKeepsItAwake) {
  dormancy x;
  auto a = x.order({{}, true}, true, true, connected);
  x.work_read(*a.read_work, idle_work, link_phase::connected);
  auto c = x.link_answered({true, {}}, link_phase::dormant);
  auto d = x.work_read(*c.read_work, later_work, link_phase::dormant);
  EXPECT_TRUE(d.wake_link);
  ASSERT_TRUE(d.settled);
  EXPECT_FALSE(d.settled->asleep);
  EXPECT_FALSE(d.call_sleep_url);
}

TEST(Dormancy, AnOrderOverWorkIsRefusedOnlyWhenItAsksForIdleness) {
  dormancy x;
  auto a = x.order({{}, true}, false, true, connected);
  auto b = x.work_read(*a.read_work, busy_work, link_phase::connected);
  ASSERT_TRUE(b.settled);
  EXPECT_EQ(b.settled->why_not, "2 in hand");
  a = x.order({{}, false}, false, true, connected);
  EXPECT_TRUE(x.work_read(*a.read_work, busy_work, link_phase::connected).order_link);
}

TEST(Dormancy, NotConnectedOrStoppingIsAnsweredAtOnce) {
  dormancy x;
  auto out = x.order({{}, true}, false, true, {link_phase::waiting, "refused", 1, false});
  ASSERT_TRUE(out.settled);
  EXPECT_EQ(out.settled->why_not, "not connected: refused");
  out = x.order({{}, true}, false, false, connected);
  ASSERT_TRUE(out.settled);
  EXPECT_EQ(out.settled->why_not, "stopping");
}

TEST(Dormancy, WorkWhileAsleepWakes) {
  dormancy x;
  auto look = x.became_dormant();
  ASSERT_TRUE(look.look_later);
  auto due = x.look_due(*look.look_later, link_phase::dormant, true);
  EXPECT_TRUE(due.look_at_work);
  x.work_seen(idle_work, link_phase::dormant);
  EXPECT_FALSE(x.work_seen(idle_work, link_phase::dormant).wake_link) << "nothing happened since";
  EXPECT_TRUE(x.work_seen(later_work, link_phase::dormant).wake_link);
  EXPECT_FALSE(x.work_seen(busy_work, link_phase::connected).wake_link) << "awake by now";
  EXPECT_FALSE(x.look_due(*look.look_later, link_phase::dormant, true).look_later) << "of an older chain";
}

// Orders, reads, answers and cancellations in any order: each order is settled at most once, the link manager
// has at most one at a time, and what is asleep by its outcome was seen idle twice.
RC_GTEST_PROP(DormancyProperty, NoOrderIsSettledTwiceAndNoneSleepsOverWork, ()) {
  dormancy x;
  std::optional<std::uint64_t> reading;
  bool link_has_it = false, open = false;
  workload last;
  for (auto what : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6))) {
    dormancy_orders out;
    auto was_open = open;
    switch (what) {
    case 0:
      out = x.order({{}, true}, *rc::gen::arbitrary<bool>(), true, connected);
      open = true;
      was_open = true;
      link_has_it = false;
      break;
    case 1:
    case 2:
      if (!reading) continue;
      last = workload{*rc::gen::inRange(0, 8) > 0, static_cast<std::uint64_t>(*rc::gen::inRange(0, 2)), 5};
      out = x.work_read(*std::exchange(reading, std::nullopt), last, link_phase::dormant);
      break;
    case 3:
      if (!link_has_it) continue;
      link_has_it = false;
      out = x.link_answered({*rc::gen::arbitrary<bool>(), "why"}, link_phase::dormant);
      break;
    case 4: out = x.cancel("woken", link_phase::connected); break;
    case 5: out = x.link_manager_died(link_phase::starting); break;
    }
    if (out.read_work) reading = out.read_work;
    if (out.order_link) {
      RC_ASSERT(!last.busy());
      link_has_it = true;
    }
    if (out.settled) {
      RC_ASSERT(was_open);
      open = false;
      if (out.settled->asleep) RC_ASSERT(!last.busy());
    }
    RC_ASSERT(x.under_way() == open);
    RC_ASSERT(!(out.call_sleep_url && !(out.settled && out.settled->asleep)));
  }
}

} // namespace dormancy_test
} // namespace relay::core
