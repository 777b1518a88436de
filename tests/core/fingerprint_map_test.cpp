#include "relay_gateway/actors/core/fingerprint_map.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace relay::core {
namespace fingerprint_map_test {

std::string counted(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(i);
  return out;
}

// From OpenSSL: `openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:16 SIPHASH`.
TEST(Fingerprint, IsSipHash) {
  constexpr fingerprint_key key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  const auto of = [&](std::size_t size) { return siphash<2, 4>{key}.of(counted(size)); };
  EXPECT_EQ(of(0), (fingerprint{0xe6a825ba047f81a3ULL, 0x930255c71472f66dULL}));
  EXPECT_EQ(of(1), (fingerprint{0x44af996bd8c187daULL, 0x45fc229b11597634ULL}));
  EXPECT_EQ(of(8), (fingerprint{0x61f55862baa9623bULL, 0xb49714f364e2830fULL}));
  EXPECT_EQ(of(15), (fingerprint{0x11a8b03399e99354ULL, 0xd9c3cf970fec087eULL}));
  EXPECT_EQ(of(63), (fingerprint{0x4a83502f77d15051ULL, 0x7cbd3f979a063e50ULL}));
}

TEST(Fingerprint, DependsOnEveryByteTheLengthAndTheSecret) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> all;
  const auto add = [&](const fingerprint& x) { return all.emplace(x.low, x.high).second; };
  const std::string text(40, 'x');
  EXPECT_TRUE(add(fingerprint_of(text, {})));
  EXPECT_TRUE(add(fingerprint_of(text, {1, 0})));
  EXPECT_TRUE(add(fingerprint_of(text, {0, 1})));
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto other = text;
    other[i] = 'y';
    EXPECT_TRUE(add(fingerprint_of(other, {})));
    EXPECT_TRUE(add(fingerprint_of(text.substr(i + 1), {})));
  }
}

/// Keys of which many have one home.
fingerprint crowded(int x) {
  return {static_cast<std::uint64_t>(x % 5) | static_cast<std::uint64_t>(x % 3) << 32,
          static_cast<std::uint64_t>(x)};
}

RC_GTEST_PROP(FingerprintMapProperty, IsAMapWithAnOrderOfAge, ()) {
  fingerprint_map<int> map;
  std::map<int, int> model;
  std::list<int> ages; // oldest first
  const auto steps = *rc::gen::inRange(1, 400);
  for (int i = 0; i < steps; ++i) {
    const int key = *rc::gen::inRange(0, 120);
    auto* found = map.find(crowded(key));
    RC_ASSERT((found != nullptr) == (model.count(key) > 0));
    switch (*rc::gen::weightedElement<int>({{5, 0}, {3, 1}, {3, 2}, {1, 3}, {1, 4}})) {
    case 0: {
      bool fresh = false;
      auto& x = map.put(crowded(key), fresh);
      RC_ASSERT(fresh == (found == nullptr));
      if (fresh) RC_ASSERT(x.value == 0);
      x.value = model[key] = i + 1;
      break;
    }
    case 1:
      if (!found) break;
      map.touch(*found);
      ages.remove(key);
      ages.push_back(key);
      break;
    case 2:
      if (!found) break;
      map.erase(*found);
      model.erase(key);
      ages.remove(key);
      break;
    case 3:
      if (!found) break;
      map.leave(*found);
      ages.remove(key);
      break;
    default:
      if (auto* oldest = map.oldest()) {
        RC_ASSERT(oldest->value == model.at(ages.front()));
        map.erase(*oldest);
        model.erase(ages.front());
        ages.pop_front();
      }
    }
    RC_ASSERT(map.size() == model.size());
    RC_ASSERT(map.aged() == ages.size());
    RC_ASSERT((map.oldest() == nullptr) == ages.empty());
    if (!ages.empty()) RC_ASSERT(map.oldest()->value == model.at(ages.front()));
    for (const auto& [k, v] : model) RC_ASSERT(map.find(crowded(k)) && map.find(crowded(k))->value == v);
  }
}

TEST(FingerprintMap, MovesWithItsOrderAndLeavesAnEmptyOne) {
  fingerprint_map<int> from;
  bool fresh = false;
  from.touch(from.put(crowded(1), fresh));
  from.touch(from.put(crowded(2), fresh));
  auto to = std::move(from);
  EXPECT_EQ(to.size(), 2U);
  EXPECT_EQ(to.oldest(), to.find(crowded(1)));
  EXPECT_EQ(from.size(), 0U); // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(from.oldest(), nullptr);
}

} // namespace fingerprint_map_test
} // namespace relay::core
