// Seeded choices: the only source of chance in a simulated run.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace relay::sim {

/// Virtual time since the start of a run.
using std::chrono::milliseconds;
using usec = std::chrono::microseconds;

/// One stream of choices. Streams of one seed do not touch each other, so that taking a fault out of a run
/// leaves the other choices as they were.
class seeded_rng {
public:
  seeded_rng(std::uint64_t seed, std::string_view stream) noexcept;

  /// 64 random bits.
  std::uint64_t bits() noexcept;
  /// True with probability `p` (0 to 1).
  bool chance(double p) noexcept;
  /// 0 to n - 1; `n` is at least 1.
  std::uint64_t below(std::uint64_t n) noexcept { return bits() % n; }
  /// `low` to `high`, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept;
  usec between(usec low, usec high) noexcept;
  /// Around `typical`; one in twenty takes about ten times as long, one in two hundred about a hundred times.
  usec with_tail(usec typical) noexcept;
  /// One element of a container that is not empty.
  template <class Container>
  auto& one_of(Container& from) noexcept {
    return from[static_cast<std::size_t>(below(from.size()))];
  }

private:
  std::uint64_t state_;
};

/// The seed of what is varied; the seed itself for variation 0.
std::uint64_t varied_seed(std::uint64_t seed, std::uint64_t variation) noexcept;

} // namespace relay::sim
