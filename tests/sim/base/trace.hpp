// Everything that somebody outside the gateway can see, in order: as a hash, and as text when asked for.
#pragma once

#include "relay_gateway/tests/sim/base/seeded_rng.hpp"

#include <cstdint>
#include <ostream>
#include <string_view>

namespace relay::sim {

class trace {
public:
  /// `out`: where the text goes; null = hash only.
  explicit trace(std::ostream* out = nullptr) : out_(out) {}

  /// One thing that was seen. `what` is its kind, `who` and `text` say more.
  void line(usec when, std::string_view what, std::string_view who, std::string_view text = {});
  /// FNV-1a over all lines.
  std::uint64_t hash() const noexcept { return hash_; }
  std::uint64_t lines() const noexcept { return lines_; }
  bool loud() const noexcept { return out_ != nullptr; }

private:
  void mix(std::string_view text) noexcept;
  std::ostream* out_;
  std::uint64_t hash_ = 0xCBF29CE484222325ULL, lines_ = 0;
};

} // namespace relay::sim
