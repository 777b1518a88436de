#include "relay_gateway/actors/boot/policy.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include <utility>

namespace relay {

namespace {

std::string refusal_text(const http_response& x) {
  if (x.status == 0) return "the connector could not be asked: " + x.error;
  auto detail = wire::error_detail(x.body.reveal());
  return "HTTP " + std::to_string(x.status) + (detail.empty() ? detail : ": " + detail);
}

} // namespace

void policy_state::obey(policy_orders& x) {
  core::policy_wish wish;
  wish.url = url = x.url;
  wish.policies = std::move(x.policies);
  wish.declared_before = std::move(x.declared_before);
  wish.usable = x.who.usable();
  wish.account = x.who.gateway_id;
  who = std::move(x.who);
  version = x.version;
  execute(plan.obey(std::move(wish), now_of(self)));
}

void policy_state::execute(core::policy_plan::step x) {
  for (auto& progress : x.told) tell(self, owner, policy_progress{std::move(progress), version});
  for (auto& what : x.declare) declare(what);
  for (auto& timer : x.later)
    tell_later<policy_actor>(self, timer.at - now_of(self), atom::due_v, timer.platform, timer.call);
}

void policy_state::declare(const core::policy_plan::declaration& x) {
  http_request call;
  call.method = "POST";
  call.url = url;
  call.bearer = wire::mint_token(who, env.clock->wall_ms() / 1000);
  call.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  call.body = secret{wire::encode_policy(x.what)};
  call.timeout = setup.http_timeout;
  call_http(env, policy_actor{self}, x.call, std::move(call));
}

void policy_state::answered(const http_done& x) {
  core::policy_answer answer;
  answer.accepted = x.what.status == 200;
  if (!answer.accepted) answer.error = refusal_text(x.what);
  answer.wait = asked_wait(env, "policy", x.what);
  auto step = plan.answered(x.call, answer, now_of(self), env.random->bits());
  if (!step.accepted.empty()) {
    env.metrics->add(counter::policy_attempts, "done");
    env.log->write(severity::info, "policy.declared", {{"platform", step.accepted}});
  }
  if (!step.failed.empty()) {
    env.metrics->add(counter::policy_attempts, "failed");
    env.log->write(severity::warn, "policy.refused",
                   {{"platform", step.failed},
                    {"error", answer.error},
                    {"next", "tried again with backoff; nothing waits for it"}});
  }
  execute(std::move(step));
}

policy_actor::behavior_type policy(policy_actor::stateful_pointer<policy_state> self, ports env,
                                   const policy_setup& setup, supervisor_actor owner) {
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(owner));
  auto* s = &self->state;
  s->env = std::move(env);
  s->owner = std::move(owner);
  s->setup = setup;
  s->plan = core::policy_plan{setup.backoff_min, setup.backoff_max, setup.quiet.count() > 0};
  if (setup.quiet.count() > 0) tell_later<policy_actor>(self, setup.quiet, atom::look_v);
  return {
      [s](policy_orders& x) { s->obey(x); },
      [s](atom::start, const std::string& platform) {
        s->execute(s->plan.provisioned(platform, now_of(s->self)));
      },
      [s](const http_done& x) { s->answered(x); },
      [s](atom::look) { s->execute(s->plan.speak(now_of(s->self))); },
      [s](atom::due, const std::string& platform, std::uint64_t call) {
        s->execute(s->plan.due(platform, call, now_of(s->self)));
      },
  };
}

} // namespace relay
