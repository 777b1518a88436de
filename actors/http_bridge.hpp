// From an actor to the HTTP port and back: the answer comes as http_done, unless the actor is gone by then.
#pragma once

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/messages/wire/http/retry_after.hpp"

#include <string>
#include <utility>

namespace relay {

/// `call`: the actor's own number of it, for answers that come late or twice.
template <class Handle>
void call_http(const ports& env, const Handle& self, std::uint64_t call, http_request what) {
  env.http->call(std::move(what), [to = weak_handle<Handle>{self}, call, clock = env.clock,
                                   metrics = env.metrics](http_response answer) {
    if (const auto theirs = wire::read_http_date(answer.date); theirs != 0)
      metrics->set(gauge::clock_skew, clock->wall_ms() / 1000 - theirs);
    to.post(http_done{call, std::move(answer)});
  });
}

/// The least time until the next try that an answer names; 0 when it names none. Counted as one of `where`.
inline milliseconds asked_wait(const ports& env, const char* where, int status, const std::string& header,
                               const std::string& date) {
  const auto wait = wire::retry_after(status, header, date, env.clock->wall_ms());
  if (wait.count() > 0) env.metrics->add(counter::waits_asked, where);
  return wait;
}
inline milliseconds asked_wait(const ports& env, const char* where, const http_response& x) {
  return asked_wait(env, where, x.status, x.retry_after, x.date);
}

} // namespace relay
