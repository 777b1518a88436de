// Bytes and numbers as lower-case hexadecimal digits. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relay::wire {

inline constexpr std::string_view hex_digits = "0123456789abcdef";

/// The lowest `width` digits of a number, zeros in front.
inline void add_hex(std::string& out, std::uint64_t x, std::size_t width) {
  out.resize(out.size() + width);
  for (auto it = out.rbegin(); width > 0; ++it, x >>= 4, --width) *it = hex_digits[x & 15];
}
inline std::string hex(std::uint64_t x, std::size_t width) {
  std::string out;
  add_hex(out, x, width);
  return out;
}
/// Two digits for each byte.
inline std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (unsigned char x : bytes) {
    out += hex_digits[x >> 4];
    out += hex_digits[x & 15];
  }
  return out;
}

} // namespace relay::wire
