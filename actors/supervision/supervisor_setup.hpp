// What a supervisor is started with, and the state that it tells an embedding program.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

#include <functional>
#include <string>

namespace relay {

/// What an embedding program is told whenever it changes.
struct gateway_state {
  bool connected = false; ///< the handshake with the connector is complete
  bool ready = false;     ///< events can be taken and handled
  bool ended = false;     ///< the last actor is gone; nothing follows
  std::string why;        ///< why it is not ready, or why it ended; empty when ready
  friend bool operator==(const gateway_state&, const gateway_state&) = default;
};

struct supervisor_setup {
  settings_ptr settings;
  /// Makes the agent; called again when it died, and again after a pause when it answers null. Unset: `agent`
  /// is the embedder's.
  std::function<agent_actor(caf::strong_actor_ptr parent)> make_agent;
  agent_actor agent;         ///< the embedder's own; not restarted, not stopped
  bool agent_present = true; ///< false for an agent that tells its presence itself (the link)
  std::string agent_name;    ///< for reports
  std::string gateway{};     ///< the gateway's name in this process (agent_host::gateway)
  settings_origin origin{};
  /// Called on the supervisor's thread at each change; must not throw. May be unset.
  std::function<void(const gateway_state&)> on_state{};
};

} // namespace relay
