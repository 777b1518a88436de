#include "relay_gateway/app/net/websocket/keepalive.hpp"

#include <algorithm>

namespace relay::net {

keepalive::keepalive(span interval, span timeout, time now)
    : interval_(interval), timeout_(timeout), next_ping_(now + interval),
      due_(std::min(next_ping_, now + timeout)), patience_(now) {}

keepalive::verdict keepalive::wake(time now, span silence) {
  if (now - due_ > interval_ / 2) {
    patience_ = std::max(patience_, now + interval_);
    next_ping_ = now; // ask at once: its answer is what the patience is for
  }
  auto answer = verdict::wait;
  if (reading_ && silence >= timeout_ && now >= patience_) {
    answer = verdict::dead;
  } else if (now >= next_ping_) {
    next_ping_ = now + interval_;
    answer = verdict::ping;
  }
  auto over = std::max(now - silence + timeout_, patience_);
  due_ = reading_ ? std::min(next_ping_, over) : next_ping_;
  if (due_ <= now) due_ = now + span(1); // never spin, whatever the clocks say
  return answer;
}

void keepalive::reading(bool on, time now) {
  if (on && !reading_) patience_ = std::max(patience_, now + timeout_); // its silence starts now
  reading_ = on;
}

} // namespace relay::net
