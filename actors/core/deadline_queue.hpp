// What is due next among many things: one alarm serves them all.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace relay::core {

/// At most one deadline per key.
template <class Key>
class deadline_queue {
public:
  /// Replaces the deadline of this key; none removes it.
  void set(const Key& key, deadline at) {
    auto known = at_.find(key);
    if (known != at_.end()) {
      if (at && known->second == *at) return;
      order_.erase({known->second, key});
      at_.erase(known);
    }
    if (!at) return;
    order_.emplace(*at, key);
    at_.emplace(key, *at);
  }
  /// The earliest deadline.
  deadline due() const { return order_.empty() ? deadline{} : deadline{order_.begin()->first}; }
  /// Removes and returns a key whose deadline has passed, earliest first.
  std::optional<Key> pop(instant now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    auto key = order_.begin()->second;
    order_.erase(order_.begin());
    at_.erase(key);
    return key;
  }
  std::size_t size() const { return order_.size(); }

private:
  std::set<std::pair<instant, Key>> order_;
  std::unordered_map<Key, instant> at_;
};

} // namespace relay::core
