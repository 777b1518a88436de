// A gateway as the agent of a worker sees it: whom it sends acks and actions to. Hands all of it to the
// worker, and its answers back.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace relay {

/// An action of a hosted agent; `number` names its answer.
struct hosted_action {
  std::uint64_t number = 0;
  action_request request;
};
/// What the agent for that gateway said.
struct hosted_news {
  std::string gateway;
  std::variant<delivery_ack, delivery_answered, delivery_returned, agent_presence, agent_declaration,
               session_interrupt, hosted_action>
      what;
};
/// The outcome of a hosted_action.
struct hosted_outcome {
  std::uint64_t number = 0;
  action_outcome what;
};

using hosted_sink_actor = caf::typed_actor<caf::reacts_to<hosted_news>>;

/// REMOTE GATEWAY: stands for a gateway beside the agent that a worker hosts for it.
using remote_gateway_actor = delivery_sink_actor::extend_with<action_sink_actor>::
    extend_with<agent_registry_actor>::extend_with<answer_sink_actor>::extend<
        // the worker: the outcome of an action.
        caf::reacts_to<hosted_outcome>>;

struct remote_gateway_state {
  static inline const char* name = "remote-gateway";
  std::uint64_t last = 0;
  std::map<std::uint64_t, caf::typed_response_promise<action_outcome>> open;
};

/// `to`: the worker, whose end is its own.
remote_gateway_actor::behavior_type
remote_gateway(remote_gateway_actor::stateful_pointer<remote_gateway_state> self, const ports& env,
               std::string gateway, hosted_sink_actor to);

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::hosted_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::hosted_outcome)
