// The last log lines, for the status page and for a support bundle. Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace relay {

class recent_lines {
public:
  static constexpr std::size_t most = 200;

  void add(std::string line) {
    std::lock_guard guard{lock_};
    lines_.push_back(std::move(line));
    if (lines_.size() > most) lines_.pop_front();
  }
  /// Oldest first, at most `limit` of the newest.
  std::vector<std::string> last(std::size_t limit) const {
    std::lock_guard guard{lock_};
    const auto n = std::min(limit, lines_.size());
    return {lines_.end() - static_cast<std::ptrdiff_t>(n), lines_.end()};
  }

private:
  mutable std::mutex lock_;
  std::deque<std::string> lines_;
};

} // namespace relay
