// A map whose entries have an age, so that whoever bounds it can let the oldest go. Flat: entries lie in few
// pieces of memory, and an open-addressed index finds them; nothing is allocated for an entry.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace relay::core {

/// Where the search for a number begins. Numbers that were counted up must not lie side by side: whatever is
/// erased would have a long run behind it to look through.
inline std::uint32_t home_of(std::uint64_t key) {
  constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15ULL;
  return static_cast<std::uint32_t>((key * golden_ratio) >> 32);
}

/// An entry joins the order of age with its first touch(); one that was never touched is never the oldest.
/// References to entries stay valid until they are erased. `home_of(key)` are 32 bits of a key, spread well.
template <class Key, class Value>
class flat_map {
  using place = std::uint32_t; ///< of an entry, counted from 1; 0 = none

public:
  class entry {
  public:
    const Key& key() const { return key_; }
    Value value{};

  private:
    friend class flat_map;
    Key key_{};
    place self_ = 0, older_ = 0, newer_ = 0; ///< `newer_` of a free one: the next free one
    bool aged_ = false, taken_ = false;
  };
  /// What an entry takes, with its share of an index that is half full.
  static constexpr std::size_t bytes_each = sizeof(entry) + 16;

  flat_map() = default;
  flat_map(const flat_map&) = delete;
  flat_map& operator=(const flat_map&) = delete;
  flat_map(flat_map&& other) noexcept { swap(other); }
  flat_map& operator=(flat_map&& other) noexcept {
    swap(other);
    return *this;
  }
  ~flat_map() = default;

  /// Null when there is none.
  entry* find(const Key& key) {
    const auto at = cell_of(key);
    return at == nowhere ? nullptr : &of(index_[at].where);
  }
  const entry* find(const Key& key) const { return const_cast<flat_map*>(this)->find(key); }
  bool contains(const Key& key) const { return find(key) != nullptr; }
  /// The entry of this key, made without an age when there was none; `fresh` tells.
  entry& put(const Key& key, bool& fresh) {
    auto* known = find(key);
    fresh = known == nullptr;
    if (!fresh) return *known;
    if ((size_ + 1) * 4 > index_.size() * 3) grow();
    const auto where = free_ != 0 ? std::exchange(free_, of(free_).newer_) : append();
    auto& x = of(where);
    x.key_ = key;
    x.self_ = where;
    x.newer_ = 0;
    x.taken_ = true;
    insert(home_of(key), where);
    ++size_;
    return x;
  }
  entry& put(const Key& key) {
    bool fresh = false;
    return put(key, fresh);
  }
  /// Makes it the youngest.
  void touch(entry& x) {
    if (newest_ == x.self_) return;
    leave(x);
    x.older_ = newest_;
    (newest_ != 0 ? of(newest_).newer_ : oldest_) = x.self_;
    newest_ = x.self_;
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
    std::destroy_at(&x.value);
    std::construct_at(&x.value);
    x.taken_ = false;
    x.newer_ = std::exchange(free_, x.self_);
    --size_;
  }
  /// The same; what it held.
  Value take(entry& x) {
    auto out = std::move(x.value);
    erase(x);
    return out;
  }
  /// Null when none has an age.
  entry* oldest() { return oldest_ != 0 ? &of(oldest_) : nullptr; }
  const entry* oldest() const { return const_cast<flat_map*>(this)->oldest(); }
  std::size_t size() const { return size_; }
  /// Those that have an age.
  std::size_t aged() const { return aged_; }
  /// Every entry, in no order.
  template <class F>
  void for_each(F f) {
    for (place x = 1; x <= used_; ++x)
      if (auto& y = of(x); y.taken_) f(y);
  }
  template <class F>
  void for_each(F f) const {
    const_cast<flat_map*>(this)->for_each([&](const entry& x) { f(x); });
  }

private:
  void swap(flat_map& other) noexcept {
    pieces_.swap(other.pieces_);
    index_.swap(other.index_);
    for (auto x : {&flat_map::size_, &flat_map::aged_}) std::swap(this->*x, other.*x);
    for (auto x : {&flat_map::oldest_, &flat_map::newest_, &flat_map::free_, &flat_map::used_})
      std::swap(this->*x, other.*x);
  }
  static constexpr std::size_t nowhere = std::size_t(-1);
  /// Where the entry of a key is whose home is `home`.
  struct cell {
    std::uint32_t home = 0;
    place where = 0;
  };
  // Each piece has as many entries as all before it, so that nothing moves when there are more.
  static constexpr std::size_t first_piece = 8;
  static std::size_t piece_of(std::size_t number) { return std::bit_width(number / first_piece) - 1; }
  entry& of(place x) {
    const auto number = x - 1 + first_piece;
    const auto piece = piece_of(number);
    return pieces_[piece][number - (first_piece << piece)];
  }
  place append() {
    const auto piece = piece_of(used_ + first_piece);
    if (piece == pieces_.size()) pieces_.push_back(std::make_unique<entry[]>(first_piece << piece));
    return ++used_;
  }

  std::size_t next(std::size_t at) const { return (at + 1) & (index_.size() - 1); }
  std::size_t at_home(std::uint32_t home) const { return home & (index_.size() - 1); }

  std::size_t cell_of(const Key& key) {
    if (index_.empty()) return nowhere;
    const auto home = home_of(key);
    for (auto at = at_home(home); index_[at].where != 0; at = next(at))
      if (index_[at].home == home && of(index_[at].where).key_ == key) return at;
    return nowhere;
  }
  void insert(std::uint32_t home, place where) {
    auto at = at_home(home);
    while (index_[at].where != 0) at = next(at);
    index_[at] = {home, where};
  }
  /// Moves up what could not be at its home because of this one, so that a search ends at the first gap.
  void vacate(std::size_t gap) {
    const auto mask = index_.size() - 1;
    for (auto at = next(gap); index_[at].where != 0; at = next(at)) {
      if (((at - at_home(index_[at].home)) & mask) < ((at - gap) & mask)) continue;
      index_[gap] = index_[at];
      gap = at;
    }
    index_[gap] = {};
  }
  void grow() {
    constexpr std::size_t least = 16;
    auto before = std::exchange(index_, std::vector<cell>(index_.empty() ? least : index_.size() * 2));
    for (const auto& x : before)
      if (x.where != 0) insert(x.home, x.where);
  }

  std::vector<std::unique_ptr<entry[]>> pieces_;
  std::vector<cell> index_; ///< a power of two of them, at most three in four taken
  std::size_t size_ = 0, aged_ = 0;
  place oldest_ = 0, newest_ = 0, free_ = 0, used_ = 0; ///< used: entries that were ever taken
};

/// By numbers that nobody else chooses.
template <class Value>
using number_map = flat_map<std::uint64_t, Value>;

} // namespace relay::core
