// The requests on one connection that wait for their outbound_result (protocol.md 3, 3.1).
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace relay::core {

/// One per frame; all have the same time-out, so that the oldest is always the next one due: no timer each.
/// Their numbers only grow, so that a number is found by its distance to the oldest one.
template <class Owner>
class pending_requests {
public:
  struct request {
    Owner owner;
    std::uint64_t frame = 0; ///< counts the frames of this socket, from 1
    instant at{};            ///< overdue from here on
  };
  /// `number` is larger than all before.
  void add(std::uint64_t number, Owner owner, std::uint64_t frame, instant overdue) {
    slots_.push_back({number, true, {std::move(owner), frame, overdue}});
    ++open_;
  }
  /// Takes a request out; false when it is unknown or settled.
  bool take(std::uint64_t number, request& out) {
    auto* x = find(number);
    if (x == nullptr || !x->open) return false;
    settle(*x, out);
    forget_settled();
    return true;
  }
  /// Takes out everything that is overdue at `now`.
  std::vector<request> overdue(instant now) {
    std::vector<request> out;
    for (auto& x : slots_) {
      if (x.open && x.what.at > now) break;
      if (x.open) settle(x, out.emplace_back());
    }
    forget_settled();
    return out;
  }
  /// Takes out everything, oldest first.
  std::vector<request> all() {
    std::vector<request> out;
    for (auto& x : slots_)
      if (x.open) settle(x, out.emplace_back());
    slots_.clear();
    return out;
  }
  deadline due() const { return slots_.empty() ? deadline{} : deadline{slots_.front().what.at}; }
  std::size_t size() const { return open_; }

private:
  struct slot {
    std::uint64_t number = 0;
    bool open = false;
    request what{};
  };
  slot* find(std::uint64_t number) {
    if (slots_.empty() || number < slots_.front().number) return nullptr;
    // Mostly none is missing between the oldest one and this.
    if (const auto guess = number - slots_.front().number;
        guess < slots_.size() && slots_[guess].number == number)
      return &slots_[guess];
    auto it = std::lower_bound(slots_.begin(), slots_.end(), number,
                               [](const slot& x, std::uint64_t n) { return x.number < n; });
    return it != slots_.end() && it->number == number ? &*it : nullptr;
  }
  void settle(slot& x, request& out) {
    out = std::exchange(x.what, request{});
    x.open = false;
    --open_;
  }
  /// The oldest slot is always an open one, and one old request keeps at most as many settled ones as there
  /// are open.
  void forget_settled() {
    constexpr std::size_t some = 64;
    while (!slots_.empty() && !slots_.front().open) slots_.pop_front();
    if (slots_.size() > 2 * open_ + some) std::erase_if(slots_, [](const slot& x) { return !x.open; });
  }
  std::deque<slot> slots_; ///< by number
  std::size_t open_ = 0;
};

} // namespace relay::core
