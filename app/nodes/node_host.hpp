// The agent's side: dials a gateway's hub, stands for the gateway beside the agent, and comes back when the
// connection is lost.
#pragma once

#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/actors/worker/remote_gateway.hpp"
#include "relay_gateway/app/nodes/node_messages.hpp"
#include "relay_gateway/app/nodes/nodes.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace relay {

/// NODE HOST: one agent's attachment.
using node_host_actor = node_end_actor::extend_with<hosted_sink_actor>::extend<
    // attach_agent(): how the first try ends: whether it is attached, and why not.
    caf::replies_to<atom::status>::with<bool, std::string>,
    // agent_attachment: detach and end.
    caf::reacts_to<atom::finish>,
    // INTERNAL: dial again.
    caf::reacts_to<atom::due>>;

struct node_host_state {
  static inline const char* name = "node-host";
  /// An action without an outcome.
  struct ask {
    std::uint64_t number = 0; ///< of the hosted action
    std::string request_id;   ///< as the agent said it
  };
  explicit node_host_state(node_host_actor::pointer ptr) : self(ptr) {}

  void dial();
  void attach_to(const caf::strong_actor_ptr& found, const std::set<std::string>& interface);
  void forget_hub();
  void on_attached(std::uint32_t protocol, const std::string& why, const caf::strong_actor_ptr& other);
  /// The connection is gone, or never came.
  void lost(const std::string& why, bool again = true);
  void take(node_lines& x);
  void hear(hosted_news& x);
  void act(hosted_action& x);
  void outcome(action_outcome& x);
  void answer(const ask& one, action_result result);
  void say_hello();
  /// False when there is no room for it.
  bool say(std::string line, bool may_refuse);
  void flush();
  void tell_state(const std::string& why);

  node_host_actor::pointer self;
  ports env;
  attachment_options setup;
  core::backoff pause{milliseconds{500}, milliseconds{30'000}};
  remote_gateway_actor gateway;
  node_end_actor peer;     ///< null: not attached
  caf::actor_addr hub;     ///< that is asked to take the agent; none otherwise
  std::uint64_t tries = 0; ///< answers to an earlier one are stale
  bool away = false;       ///< the agent takes nothing
  bool decided = false;
  std::string state; ///< why it is not attached
  std::vector<caf::typed_response_promise<bool, std::string>> first;
  std::vector<command_spec> commands;
  std::map<std::string, std::deque<ask>> asks; ///< by request id as said, in order
  std::deque<std::string> waiting;             ///< until the gateway has taken what went before
  std::size_t waiting_bytes = 0, untaken = 0;
  std::uint64_t unnamed = 0;
};

node_host_actor::behavior_type node_host(node_host_actor::stateful_pointer<node_host_state> self, ports env,
                                         attachment_options setup);

} // namespace relay
