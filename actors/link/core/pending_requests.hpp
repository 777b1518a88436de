// The requests on one connection that wait for their outbound_result (protocol.md 3, 3.1).
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

/// One per frame; all have the same time-out, so that the oldest is always the next one due: no timer each.
template <class Owner>
class pending_requests {
public:
  struct request {
    Owner owner;
    std::uint64_t frame = 0; ///< counts the frames of this socket, from 1
    instant at{};            ///< overdue from here on
  };
  void add(std::string id, Owner owner, std::uint64_t frame, instant overdue) {
    order_.emplace_back(overdue, id);
    open_.insert_or_assign(std::move(id), request{std::move(owner), frame, overdue});
  }
  /// Takes a request out; false when it is unknown or settled.
  bool take(const std::string& id, request& out) {
    auto it = open_.find(id);
    if (it == open_.end()) return false;
    out = std::move(it->second);
    open_.erase(it);
    return true;
  }
  /// Takes out everything that is overdue at `now`.
  std::vector<request> overdue(instant now) {
    std::vector<request> out;
    drop_settled();
    for (; !order_.empty() && order_.front().first <= now; drop_settled()) {
      request x;
      if (take(order_.front().second, x)) out.push_back(std::move(x));
    }
    return out;
  }
  /// Takes out everything, oldest first.
  std::vector<request> all() {
    std::vector<request> out;
    for (auto& [at, id] : order_) {
      request x;
      if (take(id, x)) out.push_back(std::move(x));
    }
    order_.clear();
    return out;
  }
  deadline due() {
    drop_settled();
    return order_.empty() ? deadline{} : deadline{order_.front().first};
  }
  std::size_t size() const { return open_.size(); }

private:
  void drop_settled() {
    for (; !order_.empty(); order_.pop_front()) {
      auto it = open_.find(order_.front().second);
      if (it != open_.end() && it->second.at == order_.front().first) return;
    }
  }
  std::unordered_map<std::string, request> open_;
  std::deque<std::pair<instant, std::string>> order_;
};

} // namespace relay::core
