// Declares which messages of a platform are relevant (protocol.md 2.2).
#pragma once

#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay {

struct policy_setup {
  milliseconds backoff_min{1'000}, backoff_max{30'000}, http_timeout{15'000};
  /// A predecessor died and what it was declaring may still arrive: declare nothing for as long. 0 = the
  /// first.
  milliseconds quiet{0};
};

struct policy_state {
  static inline const char* name = "policy";
  struct entry {
    relevance_policy what;                    ///< to be declared; the quiet default when nothing is set
    std::optional<relevance_policy> sent;     ///< the newest declaration of this actor
    std::optional<relevance_policy> in_force; ///< the newest that the connector accepted, none sent since
    core::backoff pause{milliseconds{1}, milliseconds{1}};
    platform_step step = platform_step::pending;
    std::uint64_t call = 0;    ///< the call, or the timer, that counts
    bool busy = false;         ///< a declaration is on its way
    bool again = false;        ///< and is not the newest
    core::deadline not_before; ///< the connector asked for this long a pause
    bool dropped = false;      ///< not ordered any more; kept while it is busy
  };
  explicit policy_state(policy_actor::pointer ptr) : self(ptr) {}
  void obey(policy_orders& x);
  void declare(entry& x);
  void speak(); ///< the quiet is over
  void answered(const http_done& x);
  void failed(const std::string& platform, entry& x, const http_response& why);
  void report(const entry& x, std::string error);

  policy_actor::pointer self;
  ports env;
  policy_setup setup;
  supervisor_actor owner;
  policy_orders orders;
  std::string account; ///< the gateway id of the last usable orders
  std::map<std::string, entry> platforms;
  std::uint64_t calls = 0;
  bool quiet = false; ///< waiting for the last words of a predecessor
};

/// Ends with `owner`, its supervisor.
policy_actor::behavior_type policy(policy_actor::stateful_pointer<policy_state> self, ports env,
                                   const policy_setup& setup, supervisor_actor owner);

} // namespace relay
