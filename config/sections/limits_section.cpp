#include "relay_gateway/config/sections/sections.hpp"
#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/units.hpp"

namespace relay::config {

namespace {

class limit_reader {
public:
  limit_reader(reading& in, limits& into) : in_(in), into_(into) {}
  void duration(const entry& x, milliseconds limits::*to) {
    into_.*to = in_.value(x, into_.*to, parse_positive, duration_text);
  }
  void size(const entry& x, std::uint64_t limits::*to) {
    into_.*to = in_.value(x, into_.*to, parse_size, size_text);
  }
  void count(const entry& x, std::uint64_t limits::*to) {
    into_.*to = in_.value(x, into_.*to, parse_count, [](std::uint64_t n) { return std::to_string(n); });
  }

private:
  reading& in_;
  limits& into_;
};

/// Two values that contradict each other are both taken back: which of them was meant cannot be known.
void take_back(reading& in, limits& x, const entry& a, milliseconds limits::*to_a, const entry& b,
               milliseconds limits::*to_b, const char* reason) {
  const limits standard;
  auto where = in.where(a) == a.key ? in.where(b) : in.where(a);
  x.*to_a = standard.*to_a;
  x.*to_b = standard.*to_b;
  in.wrong(a.key, where, reason, duration_text(x.*to_a) + " and " + duration_text(x.*to_b) + " are used");
  in.revert(a, duration_text(x.*to_a));
  in.revert(b, duration_text(x.*to_b));
}

} // namespace

limits read_limits(reading& in) {
  limits x;
  limit_reader read{in, x};
  read.duration(keys::handshake_timeout, &limits::handshake_timeout);
  read.duration(keys::outbound_timeout, &limits::outbound_timeout);
  read.duration(keys::http_timeout, &limits::http_timeout);
  read.duration(keys::ping_interval, &limits::ping_interval);
  read.duration(keys::ping_timeout, &limits::ping_timeout);
  read.duration(keys::stable_after, &limits::stable_after);
  read.duration(keys::backoff_min, &limits::backoff_min);
  read.duration(keys::backoff_max, &limits::backoff_max);
  read.duration(keys::idle_ack_timeout, &limits::idle_ack_timeout);
  read.size(keys::max_frame, &limits::max_frame);
  read.count(keys::max_pending, &limits::max_pending);
  read.count(keys::max_chats, &limits::max_chats);
  read.duration(keys::chat_idle, &limits::chat_idle);
  read.duration(keys::agent_ack_timeout, &limits::agent_ack_timeout);
  read.count(keys::agent_max_deliveries, &limits::agent_max_deliveries);
  read.duration(keys::dedupe_window, &limits::dedupe_window);
  read.count(keys::dedupe_entries, &limits::dedupe_entries);
  read.duration(keys::egress_hold, &limits::egress_hold);
  read.count(keys::max_in_memory, &limits::max_in_memory);
  read.count(keys::chat_in_memory, &limits::chat_in_memory);
  read.count(keys::max_prompts, &limits::max_prompts);
  read.duration(keys::prompt_lifetime, &limits::prompt_lifetime);
  read.duration(keys::route_age, &limits::route_age);
  read.duration(keys::turn_age, &limits::turn_age);
  if (x.ping_timeout <= x.ping_interval)
    take_back(in, x, keys::ping_timeout, &limits::ping_timeout, keys::ping_interval, &limits::ping_interval,
              "must be longer than ping_interval");
  if (x.backoff_min > x.backoff_max)
    take_back(in, x, keys::backoff_min, &limits::backoff_min, keys::backoff_max, &limits::backoff_max,
              "must not be longer than backoff_max");
  return x;
}

} // namespace relay::config
