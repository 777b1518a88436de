// The link agent's state; for whoever spawns it.
#pragma once

#include "relay_gateway/actors/agents/peers.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace relay {

struct link_agent_state : agent_peers {
  static inline const char* name = "agent-link";
  explicit link_agent_state(link_agent_actor::pointer ptr) : agent_peers(ptr) {}
  void left(const agent_detached& x);
};

/// `parent`: its supervisor.
link_agent_actor::behavior_type link_agent(link_agent_actor::stateful_pointer<link_agent_state> self,
                                           ports env, std::uint64_t max_chats,
                                           const caf::strong_actor_ptr& parent);

} // namespace relay
