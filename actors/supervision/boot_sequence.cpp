#include "relay_gateway/actors/supervision/boot_sequence.hpp"

#include "relay_gateway/actors/boot/identity.hpp"
#include "relay_gateway/actors/boot/provisioner.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"
#include "relay_gateway/config/values/addresses/host_name.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <utility>

namespace relay {

namespace {

provisioner_setup provisioner_setup_of(const gateway_view& view) {
  auto& relay = view.settings->relay;
  provisioner_setup x;
  x.url = wire::derive_urls(relay.url).provision;
  x.gateway_id = view.gateway_id();
  x.endpoint = relay.endpoint;
  x.instance_id = relay.instance_id;
  x.wake_url = relay.wake_url;
  x.display_name = relay.display_name;
  x.route_keys = relay.route_keys;
  x.platforms = relay.identities;
  x.backoff_min = view.settings->limits.backoff_min;
  x.backoff_max = view.settings->limits.backoff_max;
  x.http_timeout = view.settings->limits.http_timeout;
  x.held = view.who.usable();
  return x;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (auto& x : names) out += (out.empty() ? "" : ", ") + x;
  return out;
}

} // namespace

void boot_sequence::mark_all(platform_step step, const std::string& why) {
  for (auto& x : s_.view.settings->relay.identities)
    s_.view.provisioning[x.platform] = {x.platform, step, why};
}

void boot_sequence::decide(credentials who, std::string why_none) {
  credentials_decided x{std::move(who), std::move(why_none)};
  order_policies();
  credentials_known(x);
}

void boot_sequence::nobody_provisions() {
  s_.view.credentials_known = true;
  s_.env.log->write(
      severity::warn, "relay.off",
      {{"why", s_.view.settings->relay.vetoed ? "platforms.relay.enabled is false" : "no relay URL is set"},
       {"next", "serving health only"}});
  update_target();
}

void boot_sequence::provision(bool announce) {
  auto& view = s_.view;
  auto& relay = view.settings->relay;
  if (!view.relay_on()) return nobody_provisions(); // nothing at all may happen (F45)
  if (relay.pinned()) {                             // somebody else provisions (F72)
    mark_all(platform_step::pinned, {});
    return decide({relay.gateway_id, relay.gateway_secret, relay.delivery_key, {}}, {});
  }
  if (!has_identity(view.settings->idp)) {
    const std::string why = "no identity token is configured";
    mark_all(platform_step::skipped, why);
    s_.env.log->write(severity::warn, "provision.skipped",
                      {{"why", why}, {"next", "dialling without credentials"}});
    return decide({}, why);
  }
  order_policies();
  if (!s_.actors.lives("identity")) s_.actors.spawn_identity();
  auto x = provisioner_setup_of(view);
  if (relay.gateway_id.empty()) {
    warn_of_host_name(x.gateway_id);
    s_.remember("gateway_id", x.gateway_id);
  }
  x.announces = announce;
  for (auto& p : relay.identities) {
    auto it = view.provisioning.find(p.platform);
    if (it == view.provisioning.end() || it->second.step != platform_step::done)
      view.provisioning[p.platform] = {p.platform, platform_step::pending, {}};
    else if (!announce)
      x.already.push_back(p.platform);
  }
  s_.actors.spawn_provisioner(std::move(x));
}

/// Another container would be another gateway, unless the state directory brings the id along (F71).
void boot_sequence::warn_of_host_name(const std::string& id) {
  constexpr std::string_view prefix = "gw-";
  if (id != s_.view.settings->relay.default_gateway_id || !id.starts_with(prefix) ||
      !config::is_generated_host_name(std::string_view{id}.substr(prefix.size())))
    return;
  s_.env.log->write(
      severity::warn, "provision.container_host_name",
      {{"gateway_id", id}, {"next", "set GATEWAY_RELAY_ID, or keep the state directory on a volume"}});
}

void boot_sequence::order_policies() {
  auto& settings = *s_.view.settings;
  if (!s_.actors.lives("policy")) s_.actors.spawn_policy();
  policy_orders x;
  x.url = wire::derive_urls(settings.relay.url).policy;
  x.policies = settings.policies;
  for (auto& p : settings.policies) {
    if (s_.view.remembers_policy(p.platform)) x.declared_before.push_back(p.platform);
    // It may arrive although no answer comes back, and this process may not live to ask again.
    if (s_.view.who.usable() && !p.is_unset()) s_.remember("declared." + p.platform, settings.relay.url);
  }
  x.who = s_.view.who;
  x.version = ++policy_version_;
  tell(s_.self, s_.actors.policy, std::move(x));
}

void boot_sequence::update_media_access() {
  auto& view = s_.view;
  auto store = view.relay_on() ? wire::derive_urls(view.settings->relay.url).media : std::string{};
  tell(s_.self, s_.actors.media, media_access{std::move(store), view.who, view.settings->media});
}

void boot_sequence::update_target() {
  auto& view = s_.view;
  view.ever_started = view.ever_started || view.credentials_known;
  if (!view.credentials_known || !s_.stop.plan.running()) return;
  update_media_access();
  auto& relay = view.settings->relay;
  tell(s_.self, s_.actors.link_manager,
       view.relay_on() ? link_target{relay.url, view.who, relay.identities} : link_target{});
}

void boot_sequence::apply(const settings_ptr& next) {
  if (!s_.stop.plan.running() || !next) return;
  auto before = std::exchange(s_.view.settings, next);
  auto plan = core::plan_reload(*before, *next);
  s_.view.waiting_for_restart = core::waiting_for_restart(*s_.setup.settings, *next);
  s_.env.metrics->set(gauge::restart_pending, static_cast<std::int64_t>(s_.view.waiting_for_restart.size()));
  if (plan.commands || plan.media) s_.actors.publish_declarations();
  if (plan.media) update_media_access();
  if (plan.idle) s_.sleep.watch_idle();
  s_.env.log->write(
      severity::info, "settings.applied",
      {{"relay", plan.provisioning == core::provisioning_change::none ? "unchanged" : "changed"},
       {"policies", plan.policies ? "changed" : "unchanged"},
       {"changed", plan.changed.empty() ? "nothing" : joined(plan.changed)},
       {"at_next_start",
        s_.view.waiting_for_restart.empty() ? "nothing" : joined(s_.view.waiting_for_restart)}});
  tell(s_.self, s_.actors.egress, fronted_set{next->relay.identities, next->slack.reply_in_thread});
  if (plan.end_policy) s_.actors.end("policy");
  if (plan.provisioning == core::provisioning_change::none) {
    if (plan.policies) order_policies();
    return;
  }
  s_.actors.end("provisioner");
  if (plan.replace_identity) s_.actors.replace_identity();
  if (plan.void_credentials) {
    s_.view.who = {};
    s_.view.provisioning.clear();
    s_.view.credentials_known = false;
  }
  if (plan.void_declarations) s_.view.declared.clear();
  provision(plan.provisioning == core::provisioning_change::announce);
  update_target();
}

void boot_sequence::credentials_known(credentials_decided& x) {
  auto& view = s_.view;
  view.credentials_known = true;
  auto changed = !(x.who == view.who);
  if (x.who.usable()) view.who = std::move(x.who);
  if (changed && view.who.usable())
    order_policies(); // before the dial: the first event should find it in force
  update_target();
  if (changed) s_.announce();
}

void boot_sequence::platform_changed(platform_progress& x) {
  auto& entry = s_.view.provisioning[x.platform];
  auto healed = x.step == platform_step::done && entry.step != platform_step::done;
  if (healed) tell(s_.self, s_.actors.policy, atom::start_v, x.platform);
  entry = std::move(x);
}

void boot_sequence::policy_changed(policy_progress& x) {
  if (x.version != policy_version_) return; // a reload came between: the settings of now say other things
  auto& settings = *s_.view.settings;
  auto& [platform, step, error] = x.what;
  if (step == platform_step::done || step == platform_step::failed)
    for (auto& p : settings.policies) // one that was refused may have arrived all the same
      if (p.platform == platform && (step == platform_step::done || !p.is_unset()))
        s_.remember("declared." + platform, p.is_unset() ? std::string{} : settings.relay.url);
  s_.view.declared[platform] = std::move(x.what);
}

} // namespace relay
