// The agent link (agent-link.md): agents in other processes, each on a socket of its own.
#pragma once

#include "relay_gateway/actors/inflow.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// A socket whose other end is an agent. `peer` is unique per link agent; the accepting side counts.
struct agent_attached {
  std::uint64_t peer = 0;
  std::shared_ptr<line_socket> socket;
  bool media_paths = false; ///< asked for in the upgrade's URL, so that its very first event comes with files
};
/// What one read of that socket yielded.
struct agent_said {
  std::uint64_t peer = 0;
  std::vector<wire::agent_frame> frames;
  inflow_token token{}; ///< released once the agent has handled it
};
/// The socket ended.
struct agent_detached {
  std::uint64_t peer = 0;
  std::string why;
};

/// What the listener of an agent's socket, or of a child, reports to.
using agent_frame_sink_actor = caf::typed_actor<
    // a socket's listener.
    caf::reacts_to<agent_said>, caf::reacts_to<agent_detached>>;

/// LINK AGENT: one typed agent in front of any number of attached ones. Chats are spread over them and stick.
using link_agent_actor = burst_agent_actor::extend<
    // the listener: an agent came.
    caf::reacts_to<agent_attached>,
    // its socket's listener.
    caf::reacts_to<agent_said>, caf::reacts_to<agent_detached>>;

/// Makes the listener for one agent's socket; give it to the server's accept(), then send agent_attached with
/// the same peer number and the socket that accept() returned. A line longer than `max_line` bytes is
/// refused, and reading goes on behind it.
std::shared_ptr<socket_listener> make_agent_listener(const agent_frame_sink_actor& to, std::uint64_t peer,
                                                     std::uint64_t max_line);

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::agent_attached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::agent_said)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::agent_detached)
