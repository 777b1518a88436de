// Very many small texts by key, each in one block of memory; the least recently used goes first. A map of
// strings and a list of ages need three times as much for the same.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::core {

/// `Extra`: a small value of fixed size beside each text.
template <class Extra>
class packed_lru {
public:
  using slot = std::uint32_t;
  static constexpr slot none = 0xFFFF'FFFFU;

  slot find(std::string_view key) const {
    if (index_.empty()) return none;
    for (auto at = place_of(key); index_[at] != none; at = next(at))
      if (key_of(index_[at]) == key) return index_[at];
    return none;
  }
  /// Makes it the most recently used; views of its former value end.
  slot put(std::string_view key, std::string_view value) {
    auto at = find(key);
    if (at != none) {
      if (value_of(at) != value) set_text(slots_[at], key, value);
      touch(at);
      return at;
    }
    if (2 * (size_ + 1) > index_.size()) grow();
    if (free_ != none) {
      at = std::exchange(free_, slots_[free_].next);
    } else {
      at = static_cast<slot>(slots_.size());
      slots_.emplace_back();
    }
    set_text(slots_[at], key, value);
    slots_[at].extra = {};
    auto place = place_of(key);
    while (index_[place] != none) place = next(place);
    index_[place] = at;
    link_newest(at);
    ++size_;
    return at;
  }
  /// The same with another value; its age stays.
  void replace(slot at, std::string_view value) { set_text(slots_[at], key_of(at), value); }
  /// The last bytes of its value become these.
  void overwrite_end(slot at, std::string_view bytes) {
    auto& x = slots_[at];
    std::memcpy(x.text.get() + x.key_size + x.value_size - bytes.size(), bytes.data(), bytes.size());
  }
  void touch(slot at) {
    if (newest_ == at) return;
    unlink(at);
    link_newest(at);
  }
  void erase(slot at) {
    remove_from_index(key_of(at));
    unlink(at);
    bytes_ -= cost_of(slots_[at]);
    slots_[at] = {};
    slots_[at].next = std::exchange(free_, at);
    --size_;
  }
  /// The least recently used; none when it is empty.
  slot oldest() const { return oldest_; }
  std::string_view key_of(slot at) const {
    const auto& x = slots_[at];
    return {x.text.get(), x.key_size};
  }
  std::string_view value_of(slot at) const {
    const auto& x = slots_[at];
    return {x.text.get() + x.key_size, x.value_size};
  }
  Extra& extra(slot at) { return slots_[at].extra; }
  const Extra& extra(slot at) const { return slots_[at].extra; }
  std::size_t size() const { return size_; }
  /// What it holds, with what the allocator adds, about.
  std::size_t bytes() const { return bytes_ + index_.size() * sizeof(slot); }

private:
  struct entry {
    std::unique_ptr<char[]> text; ///< key, then value
    std::uint32_t key_size = 0, value_size = 0;
    slot before = none, next = none; ///< by age; `next` also of free ones
    Extra extra{};
  };
  static std::size_t cost_of(const entry& x) {
    constexpr std::size_t unit = 16;
    return sizeof(entry) + unit + (x.key_size + x.value_size + unit - 1) / unit * unit;
  }
  void set_text(entry& x, std::string_view key, std::string_view value) {
    if (x.text) bytes_ -= cost_of(x);
    auto fresh = std::make_unique_for_overwrite<char[]>(key.size() + value.size() + 1);
    std::memcpy(fresh.get(), key.data(), key.size());
    if (!value.empty()) std::memcpy(fresh.get() + key.size(), value.data(), value.size());
    x.text = std::move(fresh);
    x.key_size = static_cast<std::uint32_t>(key.size());
    x.value_size = static_cast<std::uint32_t>(value.size());
    bytes_ += cost_of(x);
  }
  std::size_t place_of(std::string_view key) const {
    return std::hash<std::string_view>{}(key) & (index_.size() - 1);
  }
  std::size_t next(std::size_t place) const { return (place + 1) & (index_.size() - 1); }
  void grow() {
    constexpr std::size_t first = 64;
    index_.assign(index_.empty() ? first : 2 * index_.size(), none);
    for (auto at = oldest_; at != none; at = slots_[at].next) {
      auto place = place_of(key_of(at));
      while (index_[place] != none) place = next(place);
      index_[place] = at;
    }
  }
  /// Those behind it move up, so that no search ends too early.
  void remove_from_index(std::string_view key) {
    auto hole = place_of(key);
    while (key_of(index_[hole]) != key) hole = next(hole);
    for (auto at = next(hole); index_[at] != none; at = next(at)) {
      const auto wanted = place_of(key_of(index_[at]));
      if (((at - wanted) & (index_.size() - 1)) < ((at - hole) & (index_.size() - 1))) continue;
      index_[hole] = index_[at];
      hole = at;
    }
    index_[hole] = none;
  }
  void unlink(slot at) {
    auto& x = slots_[at];
    (x.before == none ? oldest_ : slots_[x.before].next) = x.next;
    (x.next == none ? newest_ : slots_[x.next].before) = x.before;
  }
  void link_newest(slot at) {
    auto& x = slots_[at];
    x.before = newest_;
    x.next = none;
    (newest_ == none ? oldest_ : slots_[newest_].next) = at;
    newest_ = at;
  }

  std::deque<entry> slots_; ///< a deque: growing moves nothing
  std::vector<slot> index_; ///< open addressing, at most half full
  slot oldest_ = none, newest_ = none, free_ = none;
  std::size_t size_ = 0, bytes_ = 0;
};

} // namespace relay::core
