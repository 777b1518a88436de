// When events arrived, told from their numbers alone: numbers grow with time, so a few marks are enough for
// any number of events, on disk or in memory.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace relay::core {

/// Exact to a second for what came lately, coarser the longer ago it was.
class arrival_times {
public:
  static constexpr std::size_t most = 1'024; ///< marks that are kept

  /// This event arrived now. Numbers and times never go back.
  void note(std::uint64_t seq, instant now) {
    if (!marks_.empty() && now - marks_.back().at < std::chrono::seconds{1}) return;
    if (marks_.size() == most) thin_out();
    marks_.push_back({seq, now});
  }
  /// When it arrived, at the latest. Of an event of an earlier process: when this one began to count.
  instant of(std::uint64_t seq, instant now) const {
    if (marks_.empty()) return now;
    auto next = std::upper_bound(marks_.begin(), marks_.end(), seq,
                                 [](std::uint64_t x, const mark& y) { return x < y.seq; });
    return next == marks_.begin() ? marks_.front().at : std::prev(next)->at;
  }

private:
  struct mark {
    std::uint64_t seq = 0;
    instant at{};
  };
  /// Every second mark of the older half goes.
  void thin_out() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < marks_.size(); ++i)
      if (i % 2 == 0 || i >= most / 2) marks_[kept++] = marks_[i];
    marks_.resize(kept);
  }
  std::vector<mark> marks_; ///< by number
};

} // namespace relay::core
