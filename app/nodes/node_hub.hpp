// The gateway's side: a hub that nodes dial, and for each attached node one actor that is its socket for the
// link agent.
#pragma once

#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/nodes/node_messages.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace relay {

class node_socket;

/// NODE PEER: stands for the gateway beside one attached node.
using node_peer_actor = node_end_actor::extend<
    // INTERNAL, node_socket: there may be room for what waits.
    caf::reacts_to<atom::due>,
    // node_socket: the link agent is done with it.
    caf::reacts_to<atom::finish, std::string>>;

struct node_peer_setup {
  link_agent_actor agents;
  std::uint64_t number = 0; ///< agent_attached::peer
  node_end_actor node;
  std::string name; ///< what the node calls itself
  std::uint64_t max_line = 0;
};

struct node_peer_state {
  static inline const char* name = "node-peer";
  explicit node_peer_state(node_peer_actor::pointer ptr) : self(ptr) {}
  node_peer_state(const node_peer_state&) = delete;
  node_peer_state& operator=(const node_peer_state&) = delete;
  ~node_peer_state();
  void pump();
  /// Tells both sides, once.
  void end(const std::string& why);

  node_peer_actor::pointer self;
  ports env;
  node_peer_setup setup;
  std::shared_ptr<socket_listener> listener;
  std::shared_ptr<node_socket> socket;
  std::deque<std::string> waiting; ///< what the link agent has no room for yet
  bool waits = false;              ///< for its next look
};

/// `parent`: the hub.
node_peer_actor::behavior_type node_peer(node_peer_actor::stateful_pointer<node_peer_state> self, ports env,
                                         node_peer_setup setup, const caf::strong_actor_ptr& parent);

struct node_hub_setup {
  std::function<link_agent_actor()> agents; ///< who takes agents now
  std::uint64_t first_peer = 0;             ///< its peers are numbered from here
  std::size_t most_nodes = 0;
  std::uint64_t max_line = 0;
};

struct node_hub_state {
  static inline const char* name = "node-hub";
  node_hub_setup setup;
  std::uint64_t last = 0;
  std::size_t attached = 0;
};

node_hub_actor::behavior_type node_hub(node_hub_actor::stateful_pointer<node_hub_state> self,
                                       const ports& env, node_hub_setup setup);

} // namespace relay
