#include "relay_gateway/actors/worker/remote_gateway.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"

#include <utility>

namespace relay {

remote_gateway_actor::behavior_type
remote_gateway(remote_gateway_actor::stateful_pointer<remote_gateway_state> self, const ports& env,
               std::string gateway, hosted_sink_actor to) {
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(to));
  auto* s = &self->state;
  const auto hand_on = [self, gateway = std::move(gateway), to = std::move(to)](auto&& what) {
    tell(self, to, hosted_news{gateway, std::forward<decltype(what)>(what)});
  };
  return {
      [hand_on](delivery_ack& x) { hand_on(std::move(x)); },
      [hand_on](delivery_answered& x) { hand_on(std::move(x)); },
      [hand_on](delivery_returned& x) { hand_on(std::move(x)); },
      [hand_on](const agent_presence& x) { hand_on(x); },
      [self, s, hand_on](action_request& x) -> caf::result<action_outcome> {
        auto promise = self->make_response_promise<action_outcome>();
        s->open.emplace(++s->last, promise);
        hand_on(hosted_action{s->last, std::move(x)});
        return promise;
      },
      [hand_on](session_interrupt& x) { hand_on(std::move(x)); },
      [hand_on](agent_declaration& x) { hand_on(std::move(x)); },
      [s](hosted_outcome& x) {
        if (auto found = s->open.extract(x.number)) found.mapped().deliver(std::move(x.what));
      },
  };
}

} // namespace relay
