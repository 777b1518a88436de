#include "relay_gateway/actors/agents/callback.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <map>
#include <utility>

namespace relay {

namespace {

struct callback_agent_state {
  static inline const char* name = "agent-callback";
  explicit callback_agent_state(callback_agent_actor::pointer ptr) : self(ptr) {}

  /// Whether the program's function returned.
  template <class Job>
  bool guarded(const char* which, Job job) const {
    std::string what = "unknown exception";
    try {
      job();
      return true;
    } catch (const std::exception& x) {
      what = x.what();
    } catch (...) { // NOLINT(bugprone-empty-catch): `what` says it already
    }
    if (log)
      log->write(severity::error, "agent.callback_failed",
                 {{"callback", which}, {"what", what}, {"next", "the agent goes on"}});
    return false;
  }
  void deliver(const delivery& x) {
    const event_responder to{callback_agent_actor{self}, x.gateway, x.id, x.event->source.chat_id};
    auto taken = guarded("on_event", [&] { calls.on_event(x, to); });
    if (taken && calls.acknowledge) tell(self, hosts[x.gateway].acks, delivery_ack{x.id});
  }
  void obey(callback_order& x) {
    auto& host = hosts[x.gateway];
    if (x.acknowledge) {
      tell(self, host.acks, delivery_ack{std::move(x.delivery_id)});
      return;
    }
    auto settled = [this, done = std::move(x.done)](const action_result& result) {
      if (done) guarded("action done", [&] { done(result); });
    };
    if (!host.actions)
      return settled(action_result::failed("no_gateway", "no gateway of that name uses this agent"));
    self->request(host.actions, caf::infinite, std::move(x.request))
        .then([settled](const action_outcome& y) { settled(y.result); },
              [settled](const caf::error&) {
                settled(action_result::ambiguous("the gateway went before it answered"));
              });
  }

  callback_agent_actor::pointer self;
  agent_callbacks calls;
  std::shared_ptr<log_port> log;
  std::map<std::string, agent_host> hosts; ///< by the name of their gateway
};

callback_agent_actor::behavior_type
callback_agent(callback_agent_actor::stateful_pointer<callback_agent_state> self, agent_callbacks calls,
               std::shared_ptr<log_port> log) {
  auto* s = &self->state;
  s->calls = std::move(calls);
  s->log = std::move(log);
  return {
      [s](agent_host& x) { s->hosts[x.gateway] = std::move(x); },
      [s](const gateway_announcement& x) {
        if (s->calls.on_announcement) s->guarded("on_announcement", [&] { s->calls.on_announcement(x); });
      },
      [s](const delivery& x) { s->deliver(x); },
      [s](const delivery_withdrawn& x) {
        if (s->calls.on_withdrawn) s->guarded("on_withdrawn", [&] { s->calls.on_withdrawn(x); });
      },
      [](const action_outcome&) {},
      [s](const turn_interrupt& x) {
        if (s->calls.on_interrupt) s->guarded("on_interrupt", [&] { s->calls.on_interrupt(x); });
      },
      [s](atom::finish) {
        if (s->calls.on_finish) s->guarded("on_finish", [&] { s->calls.on_finish(); });
      },
      [s](callback_order& x) { s->obey(x); },
  };
}

} // namespace

void event_responder::acknowledge() const {
  callback_order x;
  x.gateway = gateway_;
  x.delivery_id = delivery_id_;
  x.acknowledge = true;
  post(agent_, std::move(x));
}

void event_responder::reply(std::string text, action_done done) const {
  act(wire::send(chat_id_, std::move(text)), std::move(done));
}

void event_responder::act(action what, action_done done, std::string request_id) const {
  callback_order x;
  x.gateway = gateway_;
  x.request.request_id = std::move(request_id);
  x.request.delivery_id = delivery_id_;
  x.request.act = std::move(what);
  x.done = std::move(done);
  post(agent_, std::move(x));
}

agent_actor make_callback_agent(caf::actor_system& system, agent_callbacks callbacks,
                                std::shared_ptr<log_port> log) {
  if (!callbacks.on_event) callbacks.on_event = [](const delivery&, const event_responder&) {};
  return agent_actor{system.spawn(callback_agent, std::move(callbacks), std::move(log))};
}

} // namespace relay
