#include "relay_gateway/actors/agents/core/sticky_balancer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace relay::core {
namespace sticky_balancer_test {

std::string session(int i) { return "agent:main:p:dm:" + std::to_string(i); }

TEST(StickyBalancer, NobodyThereIsNobody) {
  sticky_balancer x{10};
  EXPECT_EQ(x.pick(session(1)), 0U);
  x.join(7);
  EXPECT_EQ(x.pick(session(1)), 7U);
  x.leave(7);
  EXPECT_EQ(x.pick(session(1)), 0U);
}

TEST(StickyBalancer, AChatMovesToWhoIsNotExceptedAndStaysThere) {
  sticky_balancer x{10};
  x.join(1);
  x.join(2);
  auto first = x.pick(session(1));
  auto other = x.move(session(1), {first});
  EXPECT_NE(other, first);
  EXPECT_NE(other, 0U);
  EXPECT_EQ(x.pick(session(1)), other);
  EXPECT_EQ(x.move(session(1), {1, 2}), 0U);
  EXPECT_EQ(x.pick(session(1)), other);
}

TEST(StickyBalancer, WhoIsLateGetsNewChatsOnlyWhenNobodyElseCanHaveThem) {
  sticky_balancer x{100};
  x.join(1);
  x.join(2);
  x.late(1);
  for (int n = 0; n < 10; ++n) EXPECT_EQ(x.pick(session(n)), 2U);
  x.in_time(1);
  EXPECT_EQ(x.pick(session(10)), 1U);
  x.late(1);
  x.leave(2);
  EXPECT_EQ(x.pick(session(0)), 1U);
}

TEST(StickyBalancer, SessionsAreSpreadEvenly) {
  sticky_balancer x{100};
  x.join(1);
  x.join(2);
  x.join(3);
  std::map<std::uint64_t, int> load;
  for (int i = 0; i < 30; ++i) ++load[x.pick(session(i))];
  for (auto peer : {1, 2, 3}) EXPECT_EQ(load[static_cast<std::uint64_t>(peer)], 10);
}

TEST(StickyBalancer, ASessionSticksUntilItsAgentLeaves) {
  sticky_balancer x{100};
  x.join(1);
  EXPECT_EQ(x.pick(session(1)), 1U);
  x.join(2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(x.pick(session(1)), 1U);
  x.leave(1);
  EXPECT_EQ(x.pick(session(1)), 2U);
  x.join(1);
  EXPECT_EQ(x.pick(session(1)), 2U) << "it has moved";
}

TEST(StickyBalancer, TheLeastRecentlyUsedSessionIsForgotten) {
  sticky_balancer x{2};
  x.join(1);
  x.pick(session(1));
  x.pick(session(2));
  x.pick(session(1));
  x.join(2);
  x.pick(session(3)); // forgets session 2
  EXPECT_EQ(x.pick(session(1)), 1U);
}

RC_GTEST_PROP(SpreadProperty, AlwaysSomebodyWhoIsThereAndAlwaysTheSame, ()) {
  sticky_balancer x{1000};
  std::set<std::uint64_t> there;
  std::map<int, std::uint64_t> had;
  std::uint64_t next = 0;
  auto steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{2, 0}, {1, 1}, {8, 2}})) {
    case 0: x.join(*there.insert(++next).first); break;
    case 1:
      if (!there.empty()) {
        auto gone = *rc::gen::elementOf(there);
        there.erase(gone);
        x.leave(gone);
      }
      break;
    default: {
      auto c = *rc::gen::inRange(0, 8);
      auto peer = x.pick(session(c));
      RC_ASSERT((there.empty() ? peer == 0U : there.count(peer) == 1U));
      if (had.count(c) > 0 && there.count(had[c]) > 0) RC_ASSERT(peer == had[c]);
      had[c] = peer;
      break;
    }
    }
    RC_ASSERT(x.peers() == there.size());
  }
}

} // namespace sticky_balancer_test
} // namespace relay::core
