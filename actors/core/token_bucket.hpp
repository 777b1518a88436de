// How often something may happen: `burst` times at once, then `per_second`.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <algorithm>
#include <cstdint>

namespace relay::core {

class token_bucket {
public:
  token_bucket(std::uint32_t burst, std::uint32_t per_second)
      : burst_(burst), step_(std::chrono::nanoseconds{std::chrono::seconds{1}} / std::max(per_second, 1U)),
        left_(burst) {}

  /// Whether it may happen now; counts it if so.
  bool take(instant now) {
    if (const auto fresh = (now - filled_) / step_; fresh > 0) {
      left_ = fresh >= burst_ - left_ ? burst_ : left_ + static_cast<std::uint32_t>(fresh);
      filled_ += fresh * step_;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }

private:
  std::uint32_t burst_;
  std::chrono::nanoseconds step_;
  std::uint32_t left_;
  instant filled_{};
};

} // namespace relay::core
