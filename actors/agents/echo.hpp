// The agent that answers every event with its text, unchanged, to its chat (settings.md, agent `echo`).
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace relay {

struct echo_state {
  static inline const char* name = "agent-echo";
  ports env;
  agent_host host;
};
/// `parent`: its supervisor.
agent_actor::behavior_type echo_agent(agent_actor::stateful_pointer<echo_state> self, ports env,
                                      caf::strong_actor_ptr parent);

} // namespace relay
