// The inbox's writes that the disk has not confirmed, in order. Each has a number that only grows; the disk
// confirms all up to one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace relay::core {

class unstored_writes {
public:
  struct write {
    std::uint64_t number = 0, id = 0;
    std::size_t bytes = 0;
    bool of_attempt = false; ///< its next attempt, not the event itself
  };
  /// The number of the write.
  std::uint64_t add(std::uint64_t id, std::size_t bytes, bool of_attempt) {
    queue_.push_back({++last_, id, bytes, of_attempt});
    bytes_ += bytes;
    return last_;
  }
  /// The oldest write that is on disk when all up to `upto` are; it is forgotten. Nothing when there is none.
  std::optional<write> take(std::uint64_t upto) {
    if (queue_.empty() || queue_.front().number > upto) return {};
    const auto out = queue_.front();
    queue_.pop_front();
    bytes_ -= out.bytes;
    return out;
  }
  std::size_t size() const { return queue_.size(); }
  std::size_t bytes() const { return bytes_; }

private:
  std::deque<write> queue_;
  std::uint64_t last_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace relay::core
