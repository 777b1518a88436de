// Finds the next byte of a JSON string that is not simply itself, eight at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace relay::wire::json {

/// Whether a word may hold one of them: the lowest set bit is that of the first one, those above it may be
/// wrong (a borrow runs on).
struct word_marks {
  static constexpr std::uint64_t each = 0x0101010101010101ULL, high = each << 7;
  static constexpr std::uint64_t below(std::uint64_t x, std::uint64_t limit) {
    return (x - each * limit) & ~x & high;
  }
  static constexpr std::uint64_t equal(std::uint64_t x, std::uint64_t byte) {
    return below(x ^ (each * byte), 1);
  }
  /// Control characters, quotes and backslashes.
  static constexpr std::uint64_t special(std::uint64_t x) {
    return below(x, 0x20) | equal(x, '"') | equal(x, '\\');
  }
};

inline std::uint64_t word_at(const char* p) noexcept {
  std::uint64_t out = 0;
  std::memcpy(&out, p, sizeof out);
  return out;
}

/// How many bytes at `p` are plain, at most those before `end`: `marks(word)` marks the others. May stop
/// early, up to seven bytes before the end.
template <class Marks>
std::size_t plain_run(const char* p, const char* end, Marks marks) noexcept {
  const char* from = p;
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - p >= 8; p += 8)
      if (const auto found = marks(word_at(p)); found != 0)
        return static_cast<std::size_t>(p - from) + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  return static_cast<std::size_t>(p - from);
}

} // namespace relay::wire::json
