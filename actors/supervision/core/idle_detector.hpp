// When nothing has happened for long enough to go to sleep or to exit (settings.md, gateway.idle). All work
// counts, and what cannot be read counts as work (F69).
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <cstdint>
#include <string>

namespace relay::core {

/// What the gateway has in hand, at one moment.
struct workload {
  bool readable = true;        ///< false: somebody did not answer; that is work
  std::uint64_t in_hand = 0;   ///< events not taken, actions not settled, turns and prompts not answered
  std::uint64_t ever_done = 0; ///< grows with everything that happens, so that work between two looks is seen
  bool busy() const { return !readable || in_hand > 0; }
  /// For a person.
  std::string text() const {
    return readable ? std::to_string(in_hand) + " in hand" : std::string{"the work in hand cannot be read"};
  }
};

class idle_detector {
public:
  /// `after`: 0 = never.
  idle_detector(milliseconds after, instant now) : after_(after), quiet_since_(now) {}
  /// Looks once; true when it has been quiet for long enough, and then again only after as long anew.
  bool look(const workload& x, instant now) {
    if (x.busy() || x.ever_done != seen_) {
      seen_ = x.ever_done;
      quiet_since_ = now;
      return false;
    }
    if (after_.count() <= 0 || now - quiet_since_ < after_) return false;
    quiet_since_ = now;
    return true;
  }
  /// How often to look; 0 = never.
  milliseconds pace() const {
    auto quarter = after_ / 4;
    return after_.count() <= 0 ? milliseconds{0} : quarter < milliseconds{250} ? milliseconds{250} : quarter;
  }

private:
  milliseconds after_;
  instant quiet_since_;
  std::uint64_t seen_ = 0;
};

} // namespace relay::core
