// What crosses between the nodes of a cluster: the frames of the agent link (agent-link.md) as text, and how
// many were taken. Actions, settings and secrets have no inspector, so nothing else can.
#pragma once

#include "relay_gateway/messages/type_ids.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace relay {

/// Of what crosses. A node that speaks another one is refused.
constexpr std::uint32_t node_protocol = 1;

/// Frames, each one JSON object without a line end, in order.
struct node_lines {
  std::vector<std::string> lines;
  friend bool operator==(const node_lines&, const node_lines&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_lines& x) {
  return f(caf::meta::type_name("node_lines"), x.lines);
}

/// So many of the frames have been taken: there is room for as many again.
struct node_taken {
  std::uint32_t lines = 0;
  friend bool operator==(const node_taken&, const node_taken&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_taken& x) {
  return f(caf::meta::type_name("node_taken"), x.lines);
}

/// The sender is done with the other one, and why.
struct node_end {
  std::string why;
  friend bool operator==(const node_end&, const node_end&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_end& x) {
  return f(caf::meta::type_name("node_end"), x.why);
}

/// What the other node needs of either end.
using node_end_actor =
    caf::typed_actor<caf::reacts_to<node_lines>, caf::reacts_to<node_taken>, caf::reacts_to<node_end>>;

/// NODE HUB: published by a gateway's node; whoever reaches it may attach an agent.
using node_hub_actor = caf::typed_actor<
    // an agent host: the protocol it speaks, what it calls itself, and its node_end_actor. Answered with the
    // gateway's protocol and the node_end_actor that stands for the gateway, or with null and why not.
    // Built-in types only, so that nodes of any two versions understand each other that far.
    caf::replies_to<std::uint32_t, std::string, caf::strong_actor_ptr>::with<std::uint32_t, std::string,
                                                                             caf::strong_actor_ptr>>;

} // namespace relay

CAF_BEGIN_TYPE_ID_BLOCK(relay_nodes, caf::id_block::relay::end)

CAF_ADD_TYPE_ID(relay_nodes, (relay::node_end))
CAF_ADD_TYPE_ID(relay_nodes, (relay::node_lines))
CAF_ADD_TYPE_ID(relay_nodes, (relay::node_taken))

CAF_END_TYPE_ID_BLOCK(relay_nodes)
