// Settings of a plain kind, each with the member that it goes to: names, kind and member stand side by side,
// and nothing else reads such a setting.
#pragma once

#include "relay_gateway/config/keys/entry.hpp"

#include <chrono>
#include <cstdint>

namespace relay::config {

/// Exactly one of the members is set. What is not given stays as `Settings` has it by default.
template <class Settings>
struct setting_row {
  const entry* key;
  std::chrono::milliseconds Settings::*duration = nullptr; ///< positive
  std::uint64_t Settings::*size = nullptr;                 ///< in bytes
  std::uint64_t Settings::*count = nullptr;                ///< from 1 on
  bool Settings::*flag = nullptr;
};

template <class Settings>
constexpr setting_row<Settings> duration_row(const entry& key, std::chrono::milliseconds Settings::*to) {
  return {.key = &key, .duration = to};
}
template <class Settings>
constexpr setting_row<Settings> size_row(const entry& key, std::uint64_t Settings::*to) {
  return {.key = &key, .size = to};
}
template <class Settings>
constexpr setting_row<Settings> count_row(const entry& key, std::uint64_t Settings::*to) {
  return {.key = &key, .count = to};
}
template <class Settings>
constexpr setting_row<Settings> flag_row(const entry& key, bool Settings::*to) {
  return {.key = &key, .flag = to};
}

} // namespace relay::config
