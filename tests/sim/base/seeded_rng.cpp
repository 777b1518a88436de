#include "relay_gateway/tests/sim/base/seeded_rng.hpp"

#include <string>

namespace relay::sim {

seeded_rng::seeded_rng(std::uint64_t seed, std::string_view stream) noexcept
    : state_(seed * 0x9E3779B97F4A7C15ULL) {
  for (auto c : stream) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  bits();
}

std::uint64_t varied_seed(std::uint64_t seed, std::uint64_t variation) noexcept {
  return variation == 0 ? seed : seeded_rng{seed, "variation " + std::to_string(variation)}.bits();
}

std::uint64_t seeded_rng::bits() noexcept { // splitmix64
  auto z = state_ += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

bool seeded_rng::chance(double p) noexcept {
  constexpr double scale = 1.0 / 9007199254740992.0; // 2^-53
  return static_cast<double>(bits() >> 11) * scale < p;
}

std::int64_t seeded_rng::between(std::int64_t low, std::int64_t high) noexcept {
  return low >= high ? low
                     : low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
}

usec seeded_rng::between(usec low, usec high) noexcept { return usec{between(low.count(), high.count())}; }

usec seeded_rng::with_tail(usec typical) noexcept {
  auto around = between(typical / 2, typical * 3 / 2);
  auto rng = below(200);
  if (rng == 0) return around * 100;
  return rng < 10 ? around * 10 : around;
}

} // namespace relay::sim
