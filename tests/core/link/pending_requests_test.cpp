#include "relay_gateway/actors/link/core/pending_requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace relay::core {
namespace pending_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using requests = pending_requests<int>;

constexpr instant now{1h};

std::uint64_t number(int x) { return static_cast<std::uint64_t>(x); }

std::vector<int> owners(const std::vector<requests::request>& all) {
  std::vector<int> out;
  for (auto& x : all) out.push_back(x.owner);
  return out;
}

TEST(PendingRequests, AResultIsTakenOnce) {
  requests x;
  x.add(5, 1, 7, now + 30s);
  requests::request out;
  EXPECT_FALSE(x.take(4, out));
  EXPECT_FALSE(x.take(6, out));
  ASSERT_TRUE(x.take(5, out));
  EXPECT_EQ(out.owner, 1);
  EXPECT_EQ(out.frame, 7U);
  EXPECT_FALSE(x.take(5, out)) << "a second result is nobody's";
  EXPECT_EQ(x.size(), 0U);
}

TEST(PendingRequests, TheOldestUnsettledOneIsDueNext) {
  requests x;
  EXPECT_EQ(x.due(), deadline{});
  for (int i = 1; i <= 3; ++i) x.add(number(i), i, 0, now + i * 1s);
  EXPECT_EQ(x.due(), deadline{now + 1s});
  requests::request out;
  x.take(1, out);
  EXPECT_EQ(x.due(), deadline{now + 2s});
  EXPECT_THAT(owners(x.overdue(now + 2s - 1ms)), IsEmpty());
  EXPECT_THAT(owners(x.overdue(now + 2s)), ElementsAre(2));
  EXPECT_THAT(owners(x.overdue(now + 1h)), ElementsAre(3));
  EXPECT_THAT(owners(x.overdue(now + 1h)), IsEmpty());
  EXPECT_EQ(x.due(), deadline{});
}

TEST(PendingRequests, F1_EverythingIsSettledAtOnceOldestFirst) {
  requests x;
  for (int i = 1; i <= 4; ++i) x.add(number(i), i, number(i), now + i * 1s);
  requests::request out;
  x.take(2, out);
  EXPECT_THAT(owners(x.all()), ElementsAre(1, 3, 4));
  EXPECT_EQ(x.size(), 0U);
  EXPECT_THAT(owners(x.all()), IsEmpty());
  EXPECT_EQ(x.due(), deadline{});
}

TEST(PendingRequests, AnOldOneIsFoundAmongManyThatAreSettled) {
  requests x;
  requests::request out;
  x.add(1, 1, 0, now + 1s);
  for (int i = 2; i < 1'000; ++i) {
    x.add(number(i), i, 0, now + 2s);
    if (i % 100 != 0) {
      ASSERT_TRUE(x.take(number(i), out));
      ASSERT_EQ(out.owner, i);
    }
  }
  EXPECT_EQ(x.size(), 10U);
  EXPECT_FALSE(x.take(499, out));
  ASSERT_TRUE(x.take(500, out));
  EXPECT_EQ(out.owner, 500);
  ASSERT_TRUE(x.take(1, out));
  EXPECT_EQ(x.due(), deadline{now + 2s});
  EXPECT_THAT(owners(x.all()), ElementsAre(100, 200, 300, 400, 600, 700, 800, 900));
}

RC_GTEST_PROP(PendingProperty, EachIsGivenBackOnce, ()) {
  requests x;
  std::map<int, instant> open;
  instant t = now;
  int next = 0;
  auto steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) {
    t += milliseconds{*rc::gen::inRange(0, 400)};
    switch (*rc::gen::weightedElement<int>({{4, 0}, {3, 1}, {2, 2}})) {
    case 0:
      ++next;
      open[next] = t + 1s;
      x.add(number(next), next, 0, t + 1s);
      break;
    case 1: {
      auto id = *rc::gen::inRange(0, next + 2);
      requests::request out;
      auto had = open.erase(id) > 0;
      RC_ASSERT(x.take(number(id), out) == had);
      if (had) RC_ASSERT(out.owner == id);
      break;
    }
    default: {
      std::vector<int> late;
      for (auto& [id, at] : open)
        if (at <= t) late.push_back(id);
      for (auto id : late) open.erase(id);
      RC_ASSERT(owners(x.overdue(t)) == late);
      break;
    }
    }
    RC_ASSERT(x.size() == open.size());
    RC_ASSERT(x.due() == (open.empty() ? deadline{} : deadline{open.begin()->second}));
  }
  RC_ASSERT(owners(x.all()).size() == open.size());
}

} // namespace pending_test
} // namespace relay::core
