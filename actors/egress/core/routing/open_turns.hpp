// Which deliveries an agent has not answered yet: work that no queue shows.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/fingerprint_map.hpp"

#include <cstddef>
#include <string>

namespace relay::core {

/// An agent need not answer at all, so a turn is given up after `limit`; bounded by number as well.
class open_turns {
public:
  static constexpr milliseconds usual_limit{std::chrono::minutes{15}};
  static constexpr std::size_t usual_max = 100'000;
  explicit open_turns(milliseconds limit = usual_limit, std::size_t max = usual_max,
                      fingerprint_key secret = {})
      : limit_(limit), max_(max), secret_(secret) {}
  void opened(const std::string& delivery, instant now) {
    trim(now); // what was given up opens anew
    bool fresh = false;
    auto& x = open_.put(print(delivery), fresh);
    if (!fresh) return;
    x.value = now;
    open_.touch(x);
    trim(now);
  }
  void answered(const std::string& delivery) {
    if (auto* x = open_.find(print(delivery))) open_.erase(*x);
  }
  std::size_t size() const { return open_.size(); } ///< without looking whether some are given up
  std::size_t count(instant now) {
    trim(now);
    return open_.size();
  }

private:
  fingerprint print(const std::string& delivery) const { return fingerprint_of(delivery, secret_); }
  void trim(instant now) {
    while (open_.size() > 0 && (now - open_.oldest()->value >= limit_ || open_.size() > max_))
      open_.erase(*open_.oldest());
  }
  milliseconds limit_;
  std::size_t max_;
  fingerprint_key secret_;
  fingerprint_map<instant> open_; ///< when each was opened
};

} // namespace relay::core
