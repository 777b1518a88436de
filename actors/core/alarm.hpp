// When an actor has to look at the time next: at most one message to itself is on its way that comes early
// enough. Pure.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

namespace relay::core {

class alarm {
public:
  /// Whether a message has to be sent for this deadline: there is one, and no alarm rings before it.
  bool arm(deadline at) {
    if (!at || (at_ && *at_ <= *at)) return false;
    at_ = at;
    return true;
  }
  /// It has come; whoever waits for something must arm it anew.
  void rang() { at_.reset(); }

private:
  deadline at_;
};

} // namespace relay::core
