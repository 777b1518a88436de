// The first part of the subjects of a queue, and what other settings of it may be. Pure.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

namespace relay::config {

inline constexpr std::uint64_t most_replicas = 5;

/// What is wrong with it in one line; empty = nothing. It is a part of the names of streams as well.
inline std::string prefix_fault(std::string_view text) {
  constexpr std::size_t longest = 64;
  const bool plain = std::all_of(
      text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
  if (!text.empty() && text.size() <= longest && plain) return {};
  return "must be 1 to 64 letters, digits, - or _";
}

} // namespace relay::config
