// An agent for programs that want no actors of their own: functions that are called, and objects to answer
// with.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace relay {

/// What a reply, or another action, led to.
using action_done = std::function<void(const action_result&)>;

/// What an event_responder asks of its agent.
struct callback_order {
  std::string gateway, delivery_id;
  bool acknowledge = false;
  action_request request{}; ///< unless it is only an acknowledgement
  action_done done{};
};
/// CALLBACK AGENT: an agent that calls functions.
using callback_agent_actor = agent_actor::extend<
    // event_responder: acknowledge, or act.
    caf::reacts_to<callback_order>>;

/// Answers one event. Copies may be kept and used later, on any thread; without effect once the agent is
/// gone.
class event_responder {
public:
  event_responder(callback_agent_actor agent, std::string gateway, std::string delivery_id,
                  std::string chat_id)
      : agent_(std::move(agent)), gateway_(std::move(gateway)), delivery_id_(std::move(delivery_id)),
        chat_id_(std::move(chat_id)) {}

  /// The event is the program's now; until then no further one of its session comes, and after
  /// `limits.agent_ack_timeout` it comes again. Only needed with `agent_callbacks::acknowledge` off.
  void acknowledge() const;
  /// Says `text` in the event's chat, through the bot that the event came to.
  void reply(std::string text, action_done done = {}) const;
  /// Any other action in answer to the event. `request_id`: the program's own idempotency key; empty = none.
  void act(action what, action_done done = {}, std::string request_id = {}) const;

private:
  callback_agent_actor agent_;
  std::string gateway_, delivery_id_, chat_id_;
};

/// Called on a thread of the actor system, one at a time; must not block. What they throw is logged as
/// `agent.callback_failed` and goes no further. All but `on_event` may be unset.
struct agent_callbacks {
  std::function<void(const delivery&, const event_responder&)> on_event;
  std::function<void(const turn_interrupt&)> on_interrupt{};          ///< the user stops a turn
  std::function<void(const gateway_announcement&)> on_announcement{}; ///< the gateway and its platforms
  std::function<void(const delivery_withdrawn&)> on_withdrawn{};      ///< need not be answered any more
  std::function<void()> on_finish{};                                  ///< nothing new will come
  /// An event is acknowledged when `on_event` has returned; one that it threw at comes again.
  bool acknowledge = true;
};

/// For `gateway_options::agent`, or inside a `gateway_options::make_agent`. Lives until it is sent an exit
/// (`caf::anon_send_exit`), by the gateway in the second case. May serve several gateways. `log` may be null.
agent_actor make_callback_agent(caf::actor_system& system, agent_callbacks callbacks,
                                std::shared_ptr<log_port> log = nullptr);

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::callback_order)
