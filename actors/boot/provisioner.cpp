#include "relay_gateway/actors/boot/provisioner.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/boot/platform_provisioner.hpp"
#include "relay_gateway/actors/caf_compat.hpp"

namespace relay {

void provisioner_state::execute(const core::provision_plan::step& step) {
  if (step.decided) {
    if (!plan.held())
      env.log->write(
          severity::warn, "provision.none",
          {{"why", why_none}, {"next", "dialling without credentials; tried again in the background"}});
    tell(self, owner, credentials_decided{given, plan.held() ? "" : why_none});
  }
  for (auto& [what, delay] : step.later) tell_later<provisioner_actor>(self, delay, atom::due_v, what);
  if (step.attempt.empty()) return;
  auto ask = wanting.empty();
  wanting.insert(wanting.end(), step.attempt.begin(), step.attempt.end());
  if (ask) tell(self, who, atom::token_v);
}

void provisioner_state::token(const identity_token& x) {
  auto names = std::exchange(wanting, {});
  if (x.error.empty() && !x.bearer.empty()) {
    for (auto& platform : names)
      if (auto it = platforms.find(platform); it != platforms.end())
        tell(self, it->second, atom::start_v, x, plan.held());
    return;
  }
  why_none = x.error.empty() ? "the identity token is empty" : x.error;
  // Said once: without a login this is how it stays.
  auto known = std::exchange(said, why_none) == why_none;
  env.log->write(known ? severity::debug : severity::warn, "provision.no_identity",
                 {{"why", why_none}, {"next", "provisioning is skipped for now and tried again later"}});
  auto step = x.nobody ? platform_step::skipped : platform_step::failed;
  for (auto& platform : names) tell(self, owner, platform_progress{platform, step, why_none});
  execute(plan.no_token(env.random->bits(), milliseconds{x.retry_after_ms}));
}

void provisioner_state::attempted(provision_attempt& x) {
  env.metrics->add(counter::provision_attempts, x.provisioned ? "done" : "failed");
  if (x.provisioned) {
    env.log->write(
        severity::info, "provision.done",
        {{"platform", x.platform}, {"credentials", x.carries_credentials ? "issued" : "none in the answer"}});
  } else {
    why_none = x.platform + ": " + x.error;
    env.log->write(severity::warn, "provision.failed",
                   {{"platform", x.platform},
                    {"error", x.error},
                    unless_zero("retry_after_ms", x.retry_after_ms),
                    {"next", "the others go on; tried again with backoff"}});
  }
  if (x.provisioned && x.carries_credentials && plan.held() && setup.announces) {
    tell(self, owner, credentials_decided{std::move(x.given), {}});
  } else if (x.provisioned && x.carries_credentials && !plan.held()) {
    given = std::move(x.given);
  } else if (x.provisioned && !plan.held()) {
    why_none = x.platform + " was provisioned, but the connector withheld the secret";
  }
  tell(self, owner,
       platform_progress{x.platform, x.provisioned ? platform_step::done : platform_step::failed, x.error});
  execute(plan.over(x.platform, x.provisioned, x.carries_credentials, env.random->bits(),
                    milliseconds{x.retry_after_ms}));
}

provisioner_actor::behavior_type provisioner(provisioner_actor::stateful_pointer<provisioner_state> self,
                                             ports env, provisioner_setup setup, identity_actor who,
                                             supervisor_actor owner) {
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(owner));
  auto* s = &self->state;
  s->env = env;
  s->owner = std::move(owner);
  s->who = std::move(who);
  std::vector<std::string> names;
  for (auto& x : setup.platforms) {
    names.push_back(x.platform);
    wire::provision_request body;
    body.gateway_id = setup.gateway_id;
    body.platform = x.platform;
    body.bot_id = x.bot_id;
    body.gateway_endpoint = setup.endpoint;
    body.route_keys = setup.route_keys;
    body.instance_id = setup.instance_id;
    body.wake_url = setup.wake_url;
    body.display_name = setup.display_name;
    s->platforms.emplace(x.platform,
                         self->spawn(platform_provisioner, env,
                                     platform_provision_setup{setup.url, std::move(body), setup.http_timeout},
                                     provisioner_actor{self}));
  }
  s->plan = core::provision_plan{std::move(names), setup.backoff_min, setup.backoff_max};
  s->plan.already(setup.already, setup.held);
  s->setup = std::move(setup);
  return {
      [s](atom::start) { s->execute(s->plan.begin()); },
      [s](const identity_token& x) { s->token(x); },
      [s](provision_attempt& x) { s->attempted(x); },
      [s](atom::due, const std::string& what) { s->execute(s->plan.due(what)); },
  };
}

} // namespace relay
