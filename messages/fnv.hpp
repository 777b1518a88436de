// FNV-1a with 64 bits, for texts that nobody chooses to collide. Some values are on disk: never changed.
#pragma once

#include <cstdint>
#include <string_view>

namespace relay {

inline constexpr std::uint64_t fnv_start = 0xcbf29ce484222325ULL, fnv_prime = 0x100000001b3ULL;

/// `from`: the hash of what stands before the text.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t from = fnv_start) {
  for (const char c : text) from = (from ^ static_cast<unsigned char>(c)) * fnv_prime;
  return from;
}

/// Spreads a hash over all bits (the finalizer of SplitMix64): FNV-1a leaves those of short texts alike.
constexpr std::uint64_t mixed(std::uint64_t hash) {
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

} // namespace relay
