// When an outage is worth a line: at its start, whenever its length has doubled, for a reason that was not
// told since, and at its end. Pure.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {

class outage {
public:
  /// Age at which the first line after the start is due; the next are due at twice that age, four times, ...
  static constexpr milliseconds first_reminder{30'000};

  enum class news : std::uint8_t {
    began,    ///< it works no more
    goes_on,  ///< a reminder is due
    another,  ///< it fails for a reason that no line told since the last reminder
    as_before ///< nothing that these lines did not say
  };
  struct summary {
    milliseconds lasted{0};
    std::uint64_t failures = 0; ///< from the first one on
  };

  /// Reasons that differ each time are told so many times, then at the reminders only.
  static constexpr std::size_t most_reasons = 4;

  /// Something failed at `now`, and why.
  news failed(instant now, std::string_view why = {}) {
    ++failures_;
    if (!since_) {
      since_ = now;
      reminder_ = first_reminder;
      told_.assign(1, std::string{why});
      return news::began;
    }
    if (now - *since_ >= reminder_) {
      while (now - *since_ >= reminder_) reminder_ *= 2;
      told_.assign(1, std::string{why});
      return news::goes_on;
    }
    if (told_.size() >= most_reasons || std::find(told_.begin(), told_.end(), why) != told_.end())
      return news::as_before;
    told_.emplace_back(why);
    return news::another;
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
  std::vector<std::string> told_; ///< reasons, since the start or the last reminder
};

} // namespace relay::core
