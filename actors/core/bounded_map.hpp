// A map that forgets the least recently used entry beyond its bound.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace relay::core {

template <class Key, class Value>
class recent {
public:
  explicit recent(std::size_t max) : max_(max < 1 ? 1 : max) {}
  void put(const Key& key, Value value) {
    auto it = map_.find(key);
    if (it != map_.end()) {
      it->second.first = std::move(value);
      ages_.splice(ages_.end(), ages_, it->second.second);
      return;
    }
    map_.emplace(key, std::make_pair(std::move(value), ages_.insert(ages_.end(), key)));
    if (map_.size() <= max_) return;
    map_.erase(ages_.front());
    ages_.pop_front();
  }
  /// Null when it is not remembered. Valid until the next put().
  const Value* find(const Key& key) {
    auto it = map_.find(key);
    if (it == map_.end()) return nullptr;
    ages_.splice(ages_.end(), ages_, it->second.second);
    return &it->second.first;
  }
  std::size_t size() const { return map_.size(); }

private:
  std::size_t max_;
  std::list<Key> ages_; ///< least recently used first
  std::unordered_map<Key, std::pair<Value, typename std::list<Key>::iterator>> map_;
};

} // namespace relay::core
