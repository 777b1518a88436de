#include "relay_gateway/actors/boot/configuration.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/boot/core/reload_check.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/config/render.hpp"

#include <utility>

namespace relay {

caf::result<reload_outcome> configuration_state::reload() {
  auto later = self->make_response_promise<reload_outcome>();
  if (!env.settings) {
    reload_outcome refused;
    refused.problems = {"these settings come from no file"};
    later.deliver(std::move(refused));
  } else if (asking.empty()) {
    asking.push_back(later);
    resolve();
  } else {
    behind.push_back(later);
  }
  return later;
}

void configuration_state::resolve() {
  env.settings->resolve([to = weak_handle<configuration_actor>{self}](config::resolution x) {
    to.post(settings_resolved{std::make_shared<const config::resolution>(std::move(x))});
  });
}

void configuration_state::resolved(const settings_resolved& x) {
  auto outcome = judged(*x.what);
  for (auto& who : std::exchange(asking, {})) who.deliver(outcome);
  if (behind.empty()) return;
  asking = std::exchange(behind, {});
  resolve();
}

reload_outcome configuration_state::judged(config::resolution next) {
  reload_outcome out;
  const auto fault = core::reload_fault(next, running.problems, running.config_found);
  for (auto x : next.problems) {
    if (!fault.empty()) x.applied = "the running settings stay";
    env.log->write(severity::warn, "config.problem", {{"problem", to_string(x)}});
    out.problems.push_back(to_string(x));
  }
  env.metrics->add(counter::reloads, fault.empty() ? "accepted" : "refused");
  env.metrics->set(gauge::reload_refused, fault.empty() ? 0 : 1);
  env.metrics->set(gauge::reload_last, env.clock->wall_ms() / 1000);
  if (!fault.empty()) {
    env.log->write(severity::error, "reload.refused",
                   {{"why", fault}, {"next", "the running settings stay"}});
    if (out.problems.empty()) out.problems.push_back(fault);
    return out;
  }
  env.metrics->set(gauge::config_hash, config::digest(next));
  running.config_found = next.config_found;
  running.problems = std::move(next.problems);
  out.settings = std::make_shared<const config::settings>(std::move(next.values));
  env.log->write(severity::info, "reload.done",
                 {{"config_file", running.config_found ? next.config_path : "none"}});
  return out;
}

configuration_actor::behavior_type
configuration(configuration_actor::stateful_pointer<configuration_state> self, ports env,
              settings_origin running, const caf::strong_actor_ptr& parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  s->running = std::move(running);
  return {
      [s](reload_request) { return s->reload(); },
      [s](const settings_resolved& x) { s->resolved(x); },
  };
}

} // namespace relay
