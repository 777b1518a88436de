// Which deliveries an agent has not answered yet: work that no queue shows.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace relay::core {

/// An agent need not answer at all, so a turn is given up after `limit`; bounded by number as well.
class open_turns {
public:
  explicit open_turns(milliseconds limit = std::chrono::minutes{15}, std::size_t max = 100'000)
      : limit_(limit), max_(max) {}
  void opened(const std::string& delivery, instant now) {
    trim(now); // what was given up opens anew
    if (!open_.try_emplace(delivery, now).second) return;
    order_.emplace_back(now, delivery);
    trim(now);
    // One that is never answered must not keep the thousands behind it.
    if (order_.size() > 2 * open_.size() + 1'000) std::erase_if(order_, [this](auto& x) { return stale(x); });
  }
  void answered(const std::string& delivery) { open_.erase(delivery); }
  std::size_t size() const { return open_.size(); } ///< without looking whether some are given up
  std::size_t count(instant now) {
    trim(now);
    return open_.size();
  }

private:
  void trim(instant now) {
    for (; !order_.empty(); order_.pop_front()) {
      if (stale(order_.front())) continue;
      if (now - order_.front().first < limit_ && open_.size() <= max_) return;
      open_.erase(order_.front().second);
    }
  }
  /// Answered; perhaps it opened again since.
  bool stale(const std::pair<instant, std::string>& x) const {
    auto it = open_.find(x.second);
    return it == open_.end() || it->second != x.first;
  }
  milliseconds limit_;
  std::size_t max_;
  std::unordered_map<std::string, instant> open_;     ///< when each was opened
  std::deque<std::pair<instant, std::string>> order_; ///< oldest first; answered ones linger a while
};

} // namespace relay::core
