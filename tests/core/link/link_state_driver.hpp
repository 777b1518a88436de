// A link session with a clock, for its tests: what each call ordered, in words.
#pragma once

#include "relay_gateway/actors/link/core/link_state_machine.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace relay::core {

using namespace std::chrono_literals;

inline const char* to_string(link_order::kind_t x) {
  switch (x) {
  case link_order::dial: return "dial";
  case link_order::hang_up: return "hang_up";
  case link_order::close: return "close";
  case link_order::announce: return "announce";
  case link_order::up: return "up";
  case link_order::down: return "down";
  case link_order::drained: return "drained";
  }
  return "?";
}

/// "down dial:backoff"
inline std::string words(const link_orders& all) {
  std::string out;
  for (auto& x : all) {
    if (!out.empty()) out += ' ';
    out += to_string(x.kind);
    if (x.kind == link_order::dial) out += std::string{":"} + core::to_string(x.cause);
  }
  return out;
}

inline const ending network{0, {}, 0, "connection reset"};
inline const ending refused{4401, "bad token", 0, "closed with 4401"};
inline const ending refused_upgrade{0, {}, 401, "the upgrade was answered with 401"};
inline const time_gap an_hour{1h, 0ms};
inline const time_gap thawed{0ms, 1h}; ///< frozen for an hour, with the steady clock running
inline const ending expired{4401, "expired", 0, "closed with 4401"};
inline const ending refused_aged{4401, "bad token", 0, "closed with 4401", true};
inline const ending restarting{1012, {}, 0, "closed with 1012"};

/// The upgrade was answered with 429 and Retry-After.
inline ending told_to_wait(milliseconds wait) {
  ending x{0, {}, 429, "the upgrade was answered with 429"};
  x.retry_after = wait;
  return x;
}

/// A session with a clock: what each call ordered, in words.
struct driver {
  link_state_machine s{link_rules{}};
  instant now{1h};
  std::uint64_t random = 0; ///< 0 draws the shortest delay

  std::string changed() { return words(s.target_changed(now)); }
  std::string gone() { return words(s.target_gone(now)); }
  std::string described() { return words(s.described(s.epoch(), now)); }
  std::string acked() { return words(s.idle_acked(s.epoch(), now)); }
  std::string ended(const ending& why = network) { return words(s.ended(s.epoch(), why, now, random)); }
  std::string drain() { return words(s.drain(now)); }
  std::string dormant(milliseconds hold = 0ms) { return words(s.go_dormant(now, hold)); }
  std::string resumed(const time_gap& gap = an_hour) { return words(s.resumed(gap, now)); }
  std::string wake() { return words(s.wake(now)); }
  std::string reconnect() { return words(s.reconnect(now)); }
  std::string finish() { return words(s.finish(now)); }
  std::string timer() { return words(s.timer(now, random)); }
  /// Lets the deadline pass.
  std::string due() {
    if (s.due()) now = std::max(now, *s.due());
    return timer();
  }
  milliseconds delay() const { return std::chrono::duration_cast<milliseconds>(*s.due() - now); }

  driver& serve() {
    changed();
    described();
    return *this;
  }
  /// Refused at once after service, and again on the fresh token.
  driver& revoke() {
    serve();
    ended(refused);
    ended(refused);
    return *this;
  }
  driver& sleep(milliseconds hold = 0ms) {
    serve();
    dormant(hold);
    acked();
    ended();
    return *this;
  }
};

} // namespace relay::core
