// The last log lines, for the status page and for a support bundle. Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

/// The last lines with running numbers, for whoever reads on from the newest one that was seen. Thread-safe.
class numbered_lines {
public:
  static constexpr std::size_t most = 500;
  struct part {
    std::vector<std::string> lines; ///< oldest first
    std::uint64_t last = 0;         ///< number of the newest line
    std::uint64_t missed = 0;       ///< lines after the one that was seen, and not kept
  };

  /// Numbers begin behind `base`. A clock's milliseconds make those of a later process the greater ones.
  explicit numbered_lines(std::uint64_t base) : base_(base), last_(base) {}

  void add(std::string line) {
    std::lock_guard guard{lock_};
    lines_.push_back(std::move(line));
    if (lines_.size() > most) lines_.pop_front();
    ++last_;
  }
  /// The lines behind number `seen`. A number of another process counts as none of these.
  part after(std::uint64_t seen) const {
    std::lock_guard guard{lock_};
    const bool ours = seen >= base_ && seen <= last_;
    const auto fresh = ours ? last_ - seen : lines_.size();
    const auto n = std::min<std::uint64_t>(fresh, lines_.size());
    return {{lines_.end() - static_cast<std::ptrdiff_t>(n), lines_.end()}, last_, fresh - n};
  }

private:
  const std::uint64_t base_;
  mutable std::mutex lock_;
  std::deque<std::string> lines_;
  std::uint64_t last_;
};

} // namespace relay
