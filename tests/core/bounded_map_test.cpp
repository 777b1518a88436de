#include "relay_gateway/actors/core/bounded_map.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace bounded_map_test {

TEST(AgedMap, TheOneThatWasTouchedLongestAgoIsTheOldest) {
  aged_map<std::string, int> map;
  map.touch(map.put("a"));
  map.touch(map.put("b"));
  map.put("never touched");
  EXPECT_EQ(map.oldest()->key(), "a");
  map.touch(*map.find("a"));
  EXPECT_EQ(map.oldest()->key(), "b");
  EXPECT_EQ(map.aged(), 2U);
  map.erase(*map.oldest());
  map.erase(*map.oldest());
  EXPECT_EQ(map.oldest(), nullptr);
  EXPECT_EQ(map.size(), 1U);
}

TEST(AgedMap, WalksFromTheOldestToTheYoungest) {
  aged_map<std::string, int> map;
  for (const auto* key : {"a", "b", "c"}) map.touch(map.put(key));
  map.touch(*map.find("a"));
  map.put("never touched");
  std::string order;
  for (auto* x = map.oldest(); x != nullptr; x = map.newer(*x)) order += x->key();
  EXPECT_EQ(order, "bca");
  EXPECT_TRUE(map.contains("never touched"));
  EXPECT_FALSE(map.contains("d"));
}

TEST(AgedMap, MovesWithItsOrder) {
  aged_map<std::string, int> from;
  from.touch(from.put("a"));
  from.touch(from.put("b"));
  auto to = std::move(from);
  EXPECT_EQ(to.oldest()->key(), "a");
  to.erase(*to.oldest());
  EXPECT_EQ(to.oldest()->key(), "b");
}

TEST(Recent, ForgetsTheLeastRecentlyUsed) {
  recent<std::string, int> map{2};
  map.put("a", 1);
  map.put("b", 2);
  EXPECT_EQ(*map.find("a"), 1);
  map.put("c", 3);
  EXPECT_EQ(map.find("b"), nullptr);
  map.put("a", 4);
  EXPECT_EQ(*map.find("a"), 4);
  EXPECT_EQ(map.size(), 2U);
}

/// Against a map and a list of keys, oldest first.
RC_GTEST_PROP(AgedMapProperty, IsAMapWithAListOfAges, ()) {
  aged_map<int, int> map;
  std::map<int, int> known;
  std::vector<int> ages;
  auto steps = *rc::gen::inRange(1, 200);
  for (int i = 0; i < steps; ++i) {
    auto key = *rc::gen::inRange(0, 8);
    auto* there = map.find(key);
    RC_ASSERT((there != nullptr) == (known.count(key) > 0));
    switch (*rc::gen::inRange(0, 4)) {
    case 0: known[key] = map.put(key).value = i; break;
    case 1:
      if (!there) break;
      map.touch(*there);
      std::erase(ages, key);
      ages.push_back(key);
      break;
    case 2:
      if (!there) break;
      map.leave(*there);
      std::erase(ages, key);
      break;
    default:
      if (!there) break;
      map.erase(*there);
      std::erase(ages, key);
      known.erase(key);
      break;
    }
    RC_ASSERT(map.size() == known.size());
    RC_ASSERT(map.aged() == ages.size());
    RC_ASSERT((map.oldest() == nullptr) == ages.empty());
    if (!ages.empty()) RC_ASSERT(map.oldest()->key() == ages.front());
    for (auto& [k, v] : known) RC_ASSERT(map.find(k)->value == v);
  }
}

// An id that was erased and came again is as young as its second coming.
TEST(RecentSet, ForgetsTheOldestAndNothingOfWhatCameAgain) {
  recent_set<int> x{2};
  x.insert(1);
  x.insert(2);
  EXPECT_TRUE(x.erase(1));
  EXPECT_FALSE(x.erase(1));
  x.insert(1);
  x.insert(2); // keeps its age
  x.insert(3);
  EXPECT_FALSE(x.contains(2));
  EXPECT_TRUE(x.contains(1));
  EXPECT_TRUE(x.contains(3));
  EXPECT_EQ(x.size(), 2U);
}

} // namespace bounded_map_test
} // namespace relay::core
