// When an actor looks at the time next: a message to itself is on its way that comes early enough. Pure.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <vector>

namespace relay::core {

/// A message cannot be taken back, so one that a sooner one has replaced rings too, and its owner looks
/// again.
class alarm {
public:
  /// Whether a message has to be sent for this deadline: there is one, and no message comes before it.
  bool arm(deadline at) {
    if (!at || (!on_their_way_.empty() && on_their_way_.back() <= *at)) return false;
    on_their_way_.push_back(*at);
    return true;
  }
  /// A message has come; whoever waits for something must arm it anew.
  void rang() {
    if (!on_their_way_.empty()) on_their_way_.pop_back();
  }

private:
  std::vector<instant> on_their_way_; ///< the latest first: each was sooner than all before it
};

} // namespace relay::core
