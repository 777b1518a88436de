// Resolves the settings anew, from wherever they come, and decides whether they may replace those that run.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace relay {

struct configuration_state {
  static inline const char* name = "configuration";
  using asker = caf::typed_response_promise<reload_outcome>;
  explicit configuration_state(configuration_actor::pointer ptr) : self(ptr) {}

  caf::result<reload_outcome> reload();
  void resolve();
  void resolved(const settings_resolved& x);
  reload_outcome judged(config::resolution next);

  configuration_actor::pointer self;
  ports env;
  settings_origin running;   ///< of the settings that run
  std::vector<asker> asking; ///< wait for the resolution that is under way
  std::vector<asker> behind; ///< asked after it began: files may have changed since
};

/// `parent`: its supervisor.
configuration_actor::behavior_type
configuration(configuration_actor::stateful_pointer<configuration_state> self, ports env,
              settings_origin running, const caf::strong_actor_ptr& parent);

} // namespace relay
