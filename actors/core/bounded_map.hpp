// A map whose entries have an age, so that whoever bounds it can let the oldest go. The one such map of the
// cores.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

namespace relay::core {

/// An entry joins the order of age with its first touch(); one that was never touched is never the oldest.
/// References to entries stay valid until they are erased.
template <class Key, class Value, class Hash = std::hash<Key>>
class aged_map {
public:
  class entry {
  public:
    const Key& key() const { return *key_; }
    Value value{};

  private:
    friend class aged_map;
    const Key* key_ = nullptr;
    entry *older_ = nullptr, *newer_ = nullptr;
    bool aged_ = false;
  };

  aged_map() = default;
  aged_map(const aged_map&) = delete;
  aged_map& operator=(const aged_map&) = delete;
  aged_map(aged_map&& other) noexcept { *this = std::move(other); }
  aged_map& operator=(aged_map&& other) noexcept {
    map_ = std::move(other.map_); // its nodes stay where they are
    other.map_.clear();
    oldest_ = std::exchange(other.oldest_, nullptr);
    newest_ = std::exchange(other.newest_, nullptr);
    aged_ = std::exchange(other.aged_, 0);
    return *this;
  }

  /// Null when there is none.
  entry* find(const Key& key) {
    auto it = map_.find(key);
    return it == map_.end() ? nullptr : &it->second;
  }
  const entry* find(const Key& key) const {
    auto it = map_.find(key);
    return it == map_.end() ? nullptr : &it->second;
  }
  bool contains(const Key& key) const { return map_.count(key) > 0; }
  /// The entry of this key, made without an age when there was none; `fresh` tells.
  template <class K>
  entry& put(K&& key, bool& fresh) {
    auto [it, made] = map_.try_emplace(std::forward<K>(key));
    fresh = made;
    it->second.key_ = &it->first;
    return it->second;
  }
  template <class K>
  entry& put(K&& key) {
    bool fresh = false;
    return put(std::forward<K>(key), fresh);
  }
  /// Makes it the youngest.
  void touch(entry& x) {
    if (newest_ == &x) return;
    leave(x);
    x.older_ = newest_;
    (newest_ ? newest_->newer_ : oldest_) = &x;
    newest_ = &x;
    x.aged_ = true;
    ++aged_;
  }
  /// Out of the order of age; it stays in the map.
  void leave(entry& x) {
    if (!x.aged_) return;
    (x.older_ ? x.older_->newer_ : oldest_) = x.newer_;
    (x.newer_ ? x.newer_->older_ : newest_) = x.older_;
    x.older_ = x.newer_ = nullptr;
    x.aged_ = false;
    --aged_;
  }
  void erase(entry& x) {
    leave(x);
    map_.erase(map_.find(*x.key_));
  }
  /// Null when none has an age.
  entry* oldest() { return oldest_; }
  const entry* oldest() const { return oldest_; }
  /// The next younger one; null when none is.
  entry* newer(const entry& x) { return x.newer_; }
  std::size_t size() const { return map_.size(); }
  /// Those that have an age.
  std::size_t aged() const { return aged_; }
  /// Every entry, in no order.
  template <class F>
  void for_each(F f) {
    for (auto& [key, x] : map_) f(x);
  }
  template <class F>
  void for_each(F f) const {
    for (auto& [key, x] : map_) f(x);
  }

private:
  std::unordered_map<Key, entry, Hash> map_;
  entry *oldest_ = nullptr, *newest_ = nullptr;
  std::size_t aged_ = 0;
};

/// Forgets the least recently used entry beyond its bound.
template <class Key, class Value>
class recent {
public:
  explicit recent(std::size_t max) : max_(max < 1 ? 1 : max) {}
  void put(const Key& key, Value value) {
    auto& x = map_.put(key);
    x.value = std::move(value);
    map_.touch(x);
    if (map_.size() > max_) map_.erase(*map_.oldest());
  }
  /// Null when it is not remembered. Valid until the next put().
  const Value* find(const Key& key) {
    auto* x = map_.find(key);
    if (!x) return nullptr;
    map_.touch(*x);
    return &x->value;
  }
  std::size_t size() const { return map_.size(); }

private:
  std::size_t max_;
  aged_map<Key, Value> map_;
};

/// Forgets the key that was inserted first beyond its bound.
template <class Key>
class recent_set {
public:
  explicit recent_set(std::size_t max) : max_(max < 1 ? 1 : max) {}
  /// One that is there keeps its age.
  void insert(const Key& key) {
    bool fresh = false;
    auto& x = map_.put(key, fresh);
    if (!fresh) return;
    map_.touch(x);
    if (map_.size() > max_) map_.erase(*map_.oldest());
  }
  bool contains(const Key& key) const { return map_.contains(key); }
  /// False when it was not there.
  bool erase(const Key& key) {
    auto* x = map_.find(key);
    if (x == nullptr) return false;
    map_.erase(*x);
    return true;
  }
  std::size_t size() const { return map_.size(); }

private:
  struct nothing {};
  std::size_t max_;
  aged_map<Key, nothing> map_;
};

} // namespace relay::core
