// Whether this process stood still: suspended with its machine, or frozen by itself (F70). Time that passed
// without us shows as a wall clock that ran ahead of the steady one, or as a look that comes late.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <algorithm>
#include <cstdint>

namespace relay::core {

/// What one look found; gaps too short to mean anything are 0.
struct time_gap {
  /// The wall clock ran this much ahead of the steady one: the machine was suspended.
  milliseconds suspended{0};
  milliseconds late{0}; ///< the look came this much after its time: the process was frozen
  bool any() const { return suspended.count() > 0 || late.count() > 0; }
};

class suspend_detector {
public:
  /// Shorter gaps are a busy machine, or a clock that is being set right.
  static constexpr milliseconds shortest{3'000};

  /// Looks. `wall_ms`: unix time. The first look finds nothing.
  time_gap look(instant now, std::int64_t wall_ms) {
    time_gap out;
    if (seen_)
      out.suspended =
          worth(milliseconds{wall_ms - wall_ms_} - std::chrono::duration_cast<milliseconds>(now - now_));
    if (due_) out.late = worth(std::chrono::duration_cast<milliseconds>(now - *due_));
    seen_ = true;
    now_ = now;
    wall_ms_ = wall_ms;
    due_.reset();
    return out;
  }
  /// When the next look will be; may be said again for an earlier one.
  void expect(instant due) { due_ = due; }

private:
  static milliseconds worth(milliseconds x) { return x < shortest ? milliseconds{0} : x; }

  bool seen_ = false;
  instant now_{};
  std::int64_t wall_ms_ = 0;
  deadline due_;
};

} // namespace relay::core
