// Declares which messages of a platform are relevant (protocol.md 2.2): executes what its plan decides
// (actors/boot/core/policy_plan).
#pragma once

#include "relay_gateway/actors/boot/core/policy_plan.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace relay {

struct policy_setup {
  milliseconds backoff_min{1'000}, backoff_max{30'000}, http_timeout{15'000};
  /// A predecessor died and what it was declaring may still arrive: declare nothing for as long. 0 = the
  /// first.
  milliseconds quiet{0};
};

struct policy_state {
  static inline const char* name = "policy";
  explicit policy_state(policy_actor::pointer ptr) : self(ptr) {}
  void obey(policy_orders& x);
  void execute(core::policy_plan::step x);
  void declare(const core::policy_plan::declaration& x);
  void answered(const http_done& x);

  policy_actor::pointer self;
  ports env;
  policy_setup setup;
  supervisor_actor owner;
  std::string url;           ///< of POST /relay/policy
  credentials who;           ///< not usable = wait for the next orders
  std::uint64_t version = 0; ///< of the newest orders, echoed in policy_progress
  core::policy_plan plan{milliseconds{1}, milliseconds{1}, false};
};

/// Ends with `owner`, its supervisor.
policy_actor::behavior_type policy(policy_actor::stateful_pointer<policy_state> self, ports env,
                                   const policy_setup& setup, supervisor_actor owner);

} // namespace relay
