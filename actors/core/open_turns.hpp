// Which deliveries an agent has not answered yet: work that no queue shows.
#pragma once

#include "actors/core/clock.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_set>
#include <utility>

namespace relay::core {

/// An agent need not answer at all, so a turn is given up after `limit`; bounded by number as well.
class open_turns {
public:
  explicit open_turns(milliseconds limit = std::chrono::minutes{15}, std::size_t max = 100'000)
      : limit_(limit), max_(max) {}
  void opened(const std::string& delivery, instant now) {
    if (!open_.insert(delivery).second) return;
    order_.emplace_back(now, delivery);
    trim(now);
  }
  void answered(const std::string& delivery) { open_.erase(delivery); }
  std::size_t size() const { return open_.size(); } ///< without looking whether some are given up
  std::size_t count(instant now) {
    trim(now);
    return open_.size();
  }

private:
  void trim(instant now) {
    while (!order_.empty() && (now - order_.front().first >= limit_ || order_.size() > max_ ||
                               open_.count(order_.front().second) == 0)) {
      open_.erase(order_.front().second);
      order_.pop_front();
    }
  }
  milliseconds limit_;
  std::size_t max_;
  std::unordered_set<std::string> open_;
  std::deque<std::pair<instant, std::string>> order_; ///< oldest first; answered ones linger until they are
};

} // namespace relay::core
