#include "relay_gateway/actors/agents/echo.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

#include <utility>

namespace relay {

std::optional<action_request> echo_state::reply_to(const delivery& x) {
  const auto& event = *x.event;
  if (event.source.chat_id.empty()) return {};
  // The delivery's id is the request's: an event that comes again is not answered again.
  return action_request{x.id, {}, x.id, wire::send(event.source.chat_id, event.text)};
}

void echo_state::answer(delivery& x) {
  if (auto reply = reply_to(x)) tell(self, host.actions, std::move(*reply));
  tell(self, host.acks, delivery_ack{std::move(x.id)});
}

void echo_state::answer_all(std::vector<delivery>& all) {
  std::vector<action_request> answers;
  std::vector<delivery_ack> acks;
  answers.reserve(all.size());
  acks.reserve(all.size());
  const auto one_by_one = [&] {
    for (auto& x : all) {
      if (auto reply = reply_to(x)) answers.push_back(std::move(*reply));
      acks.push_back(delivery_ack{std::move(x.id)});
    }
  };
  flushed(one_by_one, [&] {
    tell_all(self, env, host.actions, host.action_bursts, answers);
    tell_all(self, env, host.acks, host.ack_bursts, acks);
  });
}

void echo_state::settled(const action_outcome& x) const {
  if (x.result.how == outcome::done) return;
  env.log->write(
      severity::warn, "echo.failed",
      {{"delivery", x.request_id}, {"outcome", to_string(x.result.how)}, {"error", x.result.error}});
}

burst_agent_actor::behavior_type echo_agent(burst_agent_actor::stateful_pointer<echo_state> self, ports env,
                                            caf::strong_actor_ptr parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  return {
      [s](agent_host& x) { s->host = std::move(x); },
      [](const gateway_announcement&) {},
      [s](delivery& x) { s->answer(x); },
      [s](burst<delivery>& x) { s->answer_all(x.items); },
      [s](const action_outcome& x) { s->settled(x); },
      [s](const burst<action_outcome>& x) {
        for (const auto& one : x.items) s->settled(one);
      },
      [](const delivery_withdrawn&) {},
      [](const turn_interrupt&) {},
      [](atom::finish) {},
  };
}

} // namespace relay
