// A list of which there is hardly ever more than one: that one lies in the list itself and is no allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace relay::core {

/// `Few`: how many lie in the list; of more, all lie in memory of their own.
template <class T, std::size_t Few = 1>
class short_list {
public:
  short_list() = default;
  short_list(const short_list&) = default;
  short_list& operator=(const short_list&) = default;
  short_list(short_list&& other) noexcept
      : few_(std::move(other.few_)), count_(std::exchange(other.count_, 0)), many_(std::move(other.many_)) {
    other.many_.clear();
  }
  short_list& operator=(short_list&& other) noexcept {
    few_ = std::move(other.few_);
    count_ = std::exchange(other.count_, 0);
    many_ = std::move(other.many_);
    other.many_.clear();
    return *this;
  }
  ~short_list() = default;

  void push_back(T x) {
    if (many_.empty() && count_ < Few) {
      few_[count_++] = std::move(x);
      return;
    }
    if (many_.empty()) {
      many_.reserve(2 * Few);
      std::move(few_.begin(), few_.end(), std::back_inserter(many_));
      count_ = 0;
    }
    many_.push_back(std::move(x));
  }
  /// Removes those for which `which` says so.
  template <class Which>
  void erase_if(const Which& which) {
    if (!many_.empty()) {
      std::erase_if(many_, which);
      return;
    }
    auto* last = std::remove_if(few_.data(), few_.data() + count_, which);
    count_ = static_cast<std::size_t>(last - few_.data());
  }
  bool empty() const { return size() == 0; }
  std::size_t size() const { return many_.empty() ? count_ : many_.size(); }
  T* begin() { return many_.empty() ? few_.data() : many_.data(); }
  T* end() { return begin() + size(); }
  const T* begin() const { return many_.empty() ? few_.data() : many_.data(); }
  const T* end() const { return begin() + size(); }
  T& operator[](std::size_t i) { return begin()[i]; }
  const T& operator[](std::size_t i) const { return begin()[i]; }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }
  T& back() { return *(end() - 1); }
  const T& back() const { return *(end() - 1); }
  friend bool operator==(const short_list& a, const short_list& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

private:
  std::array<T, Few> few_{};
  std::size_t count_ = 0; ///< of these; 0 while there are many
  std::vector<T> many_;
};

} // namespace relay::core
