// The agent that answers every event with its text, unchanged, to its chat (settings.md, agent `echo`).
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <vector>

namespace relay {

struct echo_state {
  static inline const char* name = "agent-echo";
  explicit echo_state(burst_agent_actor::pointer ptr) : self(ptr) {}
  void answer(delivery& x);
  void answer_all(std::vector<delivery>& all);
  static std::optional<action_request> reply_to(const delivery& x);
  void settled(const action_outcome& x) const;

  burst_agent_actor::pointer self;
  ports env;
  agent_host host;
};
/// `parent`: its supervisor.
burst_agent_actor::behavior_type echo_agent(burst_agent_actor::stateful_pointer<echo_state> self, ports env,
                                            caf::strong_actor_ptr parent);

} // namespace relay
