#include "relay_gateway/actors/agents/echo.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

namespace relay {

agent_actor::behavior_type echo_agent(agent_actor::stateful_pointer<echo_state> self, ports env,
                                      caf::strong_actor_ptr parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  return {
      [s](agent_host& x) { s->host = std::move(x); },
      [](const gateway_announcement&) {},
      [self, s](const delivery& x) {
        auto& event = *x.event;
        // The delivery's id is the request's: an event that comes again is not answered again.
        if (!event.source.chat_id.empty())
          tell(self, s->host.actions,
               action_request{x.id, {}, x.id, wire::send(event.source.chat_id, event.text)});
        tell(self, s->host.acks, delivery_ack{x.id});
      },
      [s](const action_outcome& x) {
        if (x.result.how == outcome::done) return;
        s->env.log->write(
            severity::warn, "echo.failed",
            {{"delivery", x.request_id}, {"outcome", to_string(x.result.how)}, {"error", x.result.error}});
      },
      [](const delivery_withdrawn&) {},
      [](const turn_interrupt&) {},
      [](atom::finish) {},
  };
}

} // namespace relay
