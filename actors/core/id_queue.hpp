// Ids in order, most often one at a time: the first one is no allocation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace relay::core {

/// 0 is no id.
class id_queue {
public:
  bool empty() const { return first_ == 0; }
  std::uint64_t front() const { return first_; }
  std::uint64_t back() const { return gone_ < rest_.size() ? rest_.back() : first_; }
  void push_back(std::uint64_t id) {
    if (first_ == 0)
      first_ = id;
    else
      rest_.push_back(id);
  }
  void pop_front() {
    constexpr std::size_t many = 64;
    if (gone_ == rest_.size()) {
      first_ = 0;
      return;
    }
    first_ = rest_[gone_++];
    if (gone_ == rest_.size()) {
      rest_.clear();
      gone_ = 0;
    } else if (gone_ > many && 2 * gone_ > rest_.size()) {
      rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(gone_));
      gone_ = 0;
    }
  }
  /// Wherever it is.
  void erase(std::uint64_t id) {
    if (id == first_) return pop_front();
    const auto it = std::find(rest_.begin() + static_cast<std::ptrdiff_t>(gone_), rest_.end(), id);
    if (it != rest_.end()) rest_.erase(it);
  }

private:
  std::uint64_t first_ = 0;
  std::vector<std::uint64_t> rest_; ///< those before `gone_` are over
  std::size_t gone_ = 0;
};

} // namespace relay::core
