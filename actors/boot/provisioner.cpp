#include "relay_gateway/actors/boot/provisioner.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/boot/platform_provisioner.hpp"
#include "relay_gateway/actors/caf_compat.hpp"

#include <algorithm>

namespace relay {

void provisioner_state::spawn_platform(const identity& x) {
  wire::provision_request body;
  body.gateway_id = setup.gateway_id;
  body.platform = x.platform;
  body.bot_id = x.bot_id;
  body.gateway_endpoint = setup.endpoint;
  body.route_keys = setup.route_keys;
  body.instance_id = setup.instance_id;
  body.wake_url = setup.wake_url;
  body.display_name = setup.display_name;
  auto child = self->spawn(platform_provisioner, env,
                           platform_provision_setup{setup.url, std::move(body), setup.http_timeout},
                           provisioner_actor{self});
  self->monitor(child);
  platforms.insert_or_assign(x.platform, std::move(child));
}

/// The answer that it waited for reaches nobody: its attempt has failed.
void provisioner_state::platform_died(const caf::down_msg& x) {
  auto had = [&](const identity& y) {
    auto it = platforms.find(y.platform);
    return it != platforms.end() && it->second.address() == x.source;
  };
  auto of = std::find_if(setup.platforms.begin(), setup.platforms.end(), had);
  if (of == setup.platforms.end()) return;
  spawn_platform(*of);
  auto asked = std::find(wanting.begin(), wanting.end(), of->platform) == wanting.end();
  if (!asked || !plan.trying(of->platform)) return;
  provision_attempt failed;
  failed.platform = of->platform;
  failed.error = "its actor died";
  attempted(failed);
}

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
  auto* s = &self->state;
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(owner),
              [s](const caf::down_msg& x) { s->platform_died(x); });
  s->env = env;
  s->owner = std::move(owner);
  s->who = std::move(who);
  s->setup = std::move(setup);
  std::vector<std::string> names;
  for (auto& x : s->setup.platforms) {
    names.push_back(x.platform);
    if (s->platforms.count(x.platform) == 0) s->spawn_platform(x);
  }
  s->plan = core::provision_plan{std::move(names), s->setup.backoff_min, s->setup.backoff_max};
  s->plan.already(s->setup.already, s->setup.held);
  return {
      [s](atom::start) { s->execute(s->plan.begin()); },
      [s](const identity_token& x) { s->token(x); },
      [s](provision_attempt& x) { s->attempted(x); },
      [s](atom::due, const std::string& what) { s->execute(s->plan.due(what)); },
  };
}

} // namespace relay
