// When an outage is worth a line: at its start, whenever its length has doubled, and at its end. Pure.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <cstdint>
#include <optional>

namespace relay::core {

class outage {
public:
  /// Age at which the first line after the start is due; the next are due at twice that age, four times, ...
  static constexpr milliseconds first_reminder{30'000};

  enum class news : std::uint8_t {
    began,    ///< it works no more
    goes_on,  ///< a reminder is due
    as_before ///< nothing that the last line did not say
  };
  struct summary {
    milliseconds lasted{0};
    std::uint64_t failures = 0; ///< from the first one on
  };

  /// Something failed at `now`.
  news failed(instant now) {
    ++failures_;
    if (!since_) {
      since_ = now;
      reminder_ = first_reminder;
      return news::began;
    }
    if (now - *since_ < reminder_) return news::as_before;
    while (now - *since_ >= reminder_) reminder_ *= 2;
    return news::goes_on;
  }
  /// It works again; nothing when it worked before.
  std::optional<summary> recovered(instant now) {
    if (!since_) return std::nullopt;
    const auto result = so_far(now);
    since_.reset();
    failures_ = 0;
    return result;
  }
  bool ongoing() const noexcept { return since_.has_value(); }
  summary so_far(instant now) const {
    if (!since_) return {};
    return {std::chrono::duration_cast<milliseconds>(now - *since_), failures_};
  }

private:
  deadline since_;
  milliseconds reminder_ = first_reminder;
  std::uint64_t failures_ = 0;
};

} // namespace relay::core
