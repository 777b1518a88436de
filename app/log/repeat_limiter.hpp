// A burst of the same log event is written, its further repeats are counted: a peer that sends thousands of
// bad frames must not fill a disk. Pure; the caller gives the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relay {

class repeat_limiter {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds window{30};
  static constexpr std::uint64_t burst = 20; ///< lines of one event id within a window

  /// What was left out of one event id's window.
  struct summary {
    std::string id;
    std::uint64_t count = 0;
    std::chrono::seconds within = window;
  };

  /// Whether a line of this event may be written now; one that may not is counted.
  bool admit(std::string_view id, clock::time_point now);
  /// The summaries of windows that are over; each is told once.
  std::vector<summary> finished(clock::time_point now);
  /// The summaries of all windows, over or not: nothing further will be written.
  std::vector<summary> all(clock::time_point now);
  /// When the next window ends in which something was left out; max() when none does.
  clock::time_point due() const noexcept { return due_; }

private:
  struct span {
    clock::time_point since;
    std::uint64_t seen = 0;
  };
  std::vector<summary> take(clock::time_point now, bool also_open);

  std::map<std::string, span, std::less<>> spans_; // one per event id, which are a closed set
  clock::time_point due_ = clock::time_point::max();
};

} // namespace relay
