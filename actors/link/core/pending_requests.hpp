// The requests on one connection that wait for their outbound_result (protocol.md 3, 3.1).
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
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
    auto& x = open_.put(std::move(id));
    x.value = {std::move(owner), frame, overdue};
    open_.touch(x);
  }
  /// Takes a request out; false when it is unknown or settled.
  bool take(const std::string& id, request& out) {
    auto* x = open_.find(id);
    if (x == nullptr) return false;
    out = std::move(x->value);
    open_.erase(*x);
    return true;
  }
  /// Takes out everything that is overdue at `now`.
  std::vector<request> overdue(instant now) {
    std::vector<request> out;
    while (open_.size() > 0 && open_.oldest()->value.at <= now) out.push_back(take_oldest());
    return out;
  }
  /// Takes out everything, oldest first.
  std::vector<request> all() {
    std::vector<request> out;
    while (open_.size() > 0) out.push_back(take_oldest());
    return out;
  }
  deadline due() const { return open_.size() == 0 ? deadline{} : deadline{open_.oldest()->value.at}; }
  std::size_t size() const { return open_.size(); }

private:
  request take_oldest() {
    auto out = std::move(open_.oldest()->value);
    open_.erase(*open_.oldest());
    return out;
  }
  aged_map<std::string, request> open_;
};

} // namespace relay::core
