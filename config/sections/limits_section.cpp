#include "relay_gateway/config/sections/limits_section.hpp"

#include "relay_gateway/config/keys/limits_keys.hpp"
#include "relay_gateway/config/values/rows.hpp"

namespace relay::config {

namespace {

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
  read_rows(in, limit_table, x);
  if (x.ping_timeout <= x.ping_interval)
    take_back(in, x, keys::ping_timeout, &limits::ping_timeout, keys::ping_interval, &limits::ping_interval,
              "must be longer than ping_interval");
  if (x.backoff_min > x.backoff_max)
    take_back(in, x, keys::backoff_min, &limits::backoff_min, keys::backoff_max, &limits::backoff_max,
              "must not be longer than backoff_max");
  return x;
}

} // namespace relay::config
