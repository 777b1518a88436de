#include "relay_gateway/actors/core/flat_map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace relay::core {
namespace flat_map_test {

using map = number_map<std::string>;

std::map<std::uint64_t, std::string> all(const map& x) {
  std::map<std::uint64_t, std::string> out;
  x.for_each([&](const map::entry& y) { EXPECT_TRUE(out.emplace(y.key(), y.value).second) << y.key(); });
  return out;
}

// tests/core/fingerprint_map_test.cpp has the order of age.
TEST(NumberMap, HoldsWhatWasPutAndNotErasedWhereItWasPut) {
  std::mt19937_64 random{1};
  map x;
  std::map<std::uint64_t, std::string> model;
  std::map<std::uint64_t, const map::entry*> places;
  std::uint64_t last = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 9 < 5) {
      const auto key = random() % 4 == 0 ? random() : ++last;
      auto& y = x.put(key);
      y.value = model[key] = std::to_string(i);
      const auto place = places.emplace(key, &y).first;
      ASSERT_EQ(place->second, &y);
    } else if (!model.empty()) {
      auto gone = model.lower_bound(last - random() % 100);
      if (gone == model.end()) gone = model.begin();
      ASSERT_EQ(x.find(gone->first), places.at(gone->first));
      x.erase(*x.find(gone->first));
      ASSERT_FALSE(x.contains(gone->first));
      places.erase(gone->first);
      model.erase(gone);
    }
    ASSERT_EQ(x.size(), model.size());
    if (i % 500 == 0) {
      ASSERT_EQ(all(x), model);
    }
  }
  for (const auto& [key, place] : places) EXPECT_EQ(x.find(key), place);
}

TEST(NumberMap, AnErasedEntryHoldsNothingAndIsTakenAgain) {
  map x;
  auto& first = x.put(1);
  first.value = "one";
  x.erase(first);
  EXPECT_EQ(x.find(1), nullptr);
  bool fresh = false;
  auto& second = x.put(2, fresh);
  EXPECT_TRUE(fresh);
  EXPECT_EQ(&second, &first);
  EXPECT_EQ(second.value, "");
  EXPECT_EQ(x.oldest(), nullptr);
}

} // namespace flat_map_test
} // namespace relay::core
