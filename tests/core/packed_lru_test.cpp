#include "relay_gateway/actors/core/packed_lru.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <list>
#include <map>
#include <string>

namespace relay::core {
namespace packed_lru_test {

using lru = packed_lru<int>;

TEST(PackedLru, KeepsTextsByTheirUse) {
  lru x;
  EXPECT_EQ(x.find("a"), lru::none);
  EXPECT_EQ(x.oldest(), lru::none);
  x.extra(x.put("a", "1")) = 10;
  x.put("b", "");
  x.put("c", "3");
  x.touch(x.find("a"));
  EXPECT_EQ(x.key_of(x.oldest()), "b");
  x.put("b", "two"); // again, and longer
  EXPECT_EQ(x.key_of(x.oldest()), "c");
  EXPECT_EQ(x.value_of(x.find("b")), "two");
  EXPECT_EQ(x.value_of(x.find("a")), "1");
  EXPECT_EQ(x.extra(x.find("a")), 10);
  x.erase(x.oldest());
  EXPECT_EQ(x.find("c"), lru::none);
  EXPECT_EQ(x.size(), 2U);
}

TEST(PackedLru, AValueChangesWhereItIs) {
  lru x;
  x.extra(x.put("a", "one:1")) = 7;
  x.put("b", "two:1");
  const auto bytes = x.bytes();
  x.overwrite_end(x.find("a"), "9");
  EXPECT_EQ(x.value_of(x.find("a")), "one:9");
  x.replace(x.find("a"), "one:1000");
  EXPECT_EQ(x.value_of(x.find("a")), "one:1000");
  EXPECT_EQ(x.value_of(x.find("b")), "two:1");
  EXPECT_EQ(x.extra(x.find("a")), 7);
  EXPECT_EQ(x.key_of(x.oldest()), "a") << "its age stays";
  x.replace(x.find("a"), "one:9");
  EXPECT_EQ(x.bytes(), bytes);
}

RC_GTEST_PROP(PackedLru, IsAMapAndAListOfAges, ()) {
  lru x;
  std::map<std::string, std::string> model;
  std::list<std::string> ages;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 5), rc::gen::inRange(0, 300)));
  for (const auto& [what, n] : steps) {
    const auto key = "key " + std::to_string(n);
    if (what < 3) {
      const auto value = std::string(static_cast<std::size_t>(n % 40), static_cast<char>('a' + what));
      x.put(key, value);
      model[key] = value;
      ages.remove(key);
      ages.push_back(key);
    } else if (what == 3 && !ages.empty()) {
      RC_ASSERT(x.key_of(x.oldest()) == ages.front());
      x.erase(x.oldest());
      model.erase(ages.front());
      ages.pop_front();
    } else if (const auto at = x.find(key); at != lru::none) {
      x.touch(at);
      ages.remove(key);
      ages.push_back(key);
    }
  }
  RC_ASSERT(x.size() == model.size());
  for (const auto& [key, value] : model) {
    RC_ASSERT(x.find(key) != lru::none);
    RC_ASSERT(x.value_of(x.find(key)) == value);
  }
  for (const auto& key : ages) {
    RC_ASSERT(x.key_of(x.oldest()) == key);
    x.erase(x.oldest());
  }
  RC_ASSERT(x.size() == 0U);
}

} // namespace packed_lru_test
} // namespace relay::core
