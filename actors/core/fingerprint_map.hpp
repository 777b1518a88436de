// A map of fingerprints whose entries have an age, so that whoever bounds it can let the oldest go. Flat:
// entries lie in one piece, and an open-addressed index finds them; nothing is allocated for an entry.
#pragma once

#include "relay_gateway/actors/core/fingerprint.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace relay::core {

/// An entry joins the order of age with its first touch(); one that was never touched is never the oldest.
/// References to entries stay valid until the next put().
template <class Value>
class fingerprint_map {
  using place = std::uint32_t; ///< of an entry, counted from 1; 0 = none

public:
  class entry {
  public:
    Value value{};

  private:
    friend class fingerprint_map;
    fingerprint key_;
    place older_ = 0, newer_ = 0; ///< of a free one: the next free one
    bool aged_ = false;
  };
  /// What an entry takes, with its share of an index that is half full.
  static constexpr std::size_t bytes_each = sizeof(entry) + 16;

  fingerprint_map() = default;
  fingerprint_map(const fingerprint_map&) = delete;
  fingerprint_map& operator=(const fingerprint_map&) = delete;
  fingerprint_map(fingerprint_map&& other) noexcept { swap(other); }
  fingerprint_map& operator=(fingerprint_map&& other) noexcept {
    swap(other);
    return *this;
  }
  ~fingerprint_map() = default;

  /// Null when there is none.
  entry* find(const fingerprint& key) {
    const auto at = cell_of(key);
    return at == nowhere ? nullptr : &of(index_[at].where);
  }
  const entry* find(const fingerprint& key) const { return const_cast<fingerprint_map*>(this)->find(key); }
  /// The entry of this key, made without an age when there was none; `fresh` tells.
  entry& put(const fingerprint& key, bool& fresh) {
    auto* known = find(key);
    fresh = known == nullptr;
    if (!fresh) return *known;
    if ((size_ + 1) * 4 > index_.size() * 3) grow();
    const auto where = free_ != 0 ? std::exchange(free_, of(free_).newer_) : append();
    auto& x = of(where);
    x.key_ = key;
    x.newer_ = 0;
    insert(tag_of(key), where);
    ++size_;
    return x;
  }
  /// Makes it the youngest.
  void touch(entry& x) {
    const auto where = place_of(x);
    if (newest_ == where) return;
    leave(x);
    x.older_ = newest_;
    (newest_ != 0 ? of(newest_).newer_ : oldest_) = where;
    newest_ = where;
    x.aged_ = true;
    ++aged_;
  }
  /// Out of the order of age; it stays in the map.
  void leave(entry& x) {
    if (!x.aged_) return;
    (x.older_ != 0 ? of(x.older_).newer_ : oldest_) = x.newer_;
    (x.newer_ != 0 ? of(x.newer_).older_ : newest_) = x.older_;
    x.older_ = x.newer_ = 0;
    x.aged_ = false;
    --aged_;
  }
  void erase(entry& x) {
    leave(x);
    vacate(cell_of(x.key_));
    x.value = Value{};
    x.newer_ = std::exchange(free_, place_of(x));
    --size_;
  }
  /// Null when none has an age.
  entry* oldest() { return oldest_ != 0 ? &of(oldest_) : nullptr; }
  std::size_t size() const { return size_; }
  /// Those that have an age.
  std::size_t aged() const { return aged_; }

private:
  void swap(fingerprint_map& other) noexcept {
    entries_.swap(other.entries_);
    index_.swap(other.index_);
    for (auto x : {&fingerprint_map::size_, &fingerprint_map::aged_}) std::swap(this->*x, other.*x);
    for (auto x : {&fingerprint_map::oldest_, &fingerprint_map::newest_, &fingerprint_map::free_})
      std::swap(this->*x, other.*x);
  }
  static constexpr std::size_t nowhere = std::size_t(-1);
  /// Where the entry of a key is whose first bits are `tag`.
  struct cell {
    std::uint32_t tag = 0;
    place where = 0;
  };
  static std::uint32_t tag_of(const fingerprint& x) { return static_cast<std::uint32_t>(x.low); }
  entry& of(place x) { return entries_[x - 1]; }
  place place_of(const entry& x) const { return static_cast<place>(&x - entries_.data()) + 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & (index_.size() - 1); }
  std::size_t home(std::uint32_t tag) const { return tag & (index_.size() - 1); }

  std::size_t cell_of(const fingerprint& key) {
    if (index_.empty()) return nowhere;
    const auto tag = tag_of(key);
    for (auto at = home(tag); index_[at].where != 0; at = next(at))
      if (index_[at].tag == tag && of(index_[at].where).key_ == key) return at;
    return nowhere;
  }
  void insert(std::uint32_t tag, place where) {
    auto at = home(tag);
    while (index_[at].where != 0) at = next(at);
    index_[at] = {tag, where};
  }
  /// Moves up what could not be at its home because of this one, so that a search ends at the first gap.
  void vacate(std::size_t gap) {
    const auto mask = index_.size() - 1;
    for (auto at = next(gap); index_[at].where != 0; at = next(at)) {
      if (((at - home(index_[at].tag)) & mask) < ((at - gap) & mask)) continue;
      index_[gap] = index_[at];
      gap = at;
    }
    index_[gap] = {};
  }
  void grow() {
    constexpr std::size_t least = 64;
    auto before = std::exchange(index_, std::vector<cell>(index_.empty() ? least : index_.size() * 2));
    for (const auto& x : before)
      if (x.where != 0) insert(x.tag, x.where);
  }
  place append() {
    entries_.emplace_back();
    return static_cast<place>(entries_.size());
  }

  std::vector<entry> entries_;
  std::vector<cell> index_; ///< a power of two of them, at most three in four taken
  std::size_t size_ = 0, aged_ = 0;
  place oldest_ = 0, newest_ = 0, free_ = 0;
};

} // namespace relay::core
