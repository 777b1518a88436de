// Randomness that is the same on every machine: splitmix64. Pure.
#pragma once

#include "relay_gateway/app/connector/faults/language/actions.hpp"

#include <cstdint>

namespace relay::connector::faults {

class seeded_rng {
public:
  explicit seeded_rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  /// 0 to n - 1; n must not be 0. The bias of the remainder is below one in a billion for what scripts ask.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  std::int64_t in(const range& x) {
    return x.low + (x.high > x.low
                        ? static_cast<std::int64_t>(below(static_cast<std::uint64_t>(x.high - x.low) + 1))
                        : 0);
  }
  /// True with that probability; draws nothing when it is certain.
  bool happens(double probability) {
    if (probability >= 1) return true;
    if (probability <= 0) return false;
    constexpr double unit = 1.0 / 9007199254740992.0; // 2^-53
    return static_cast<double>(next() >> 11U) * unit < probability;
  }

private:
  std::uint64_t state_;
};

} // namespace relay::connector::faults
