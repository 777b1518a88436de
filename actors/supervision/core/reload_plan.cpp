#include "relay_gateway/actors/supervision/core/reload_plan.hpp"

#include "relay_gateway/config/catalogue.hpp"

namespace relay::core {

namespace {

/// What a connector is told of a gateway that it knows already.
bool same_announcement(const config::relay_settings& a, const config::relay_settings& b) {
  return a.endpoint == b.endpoint && a.instance_id == b.instance_id && a.wake_url == b.wake_url &&
         a.display_name == b.display_name && a.route_keys == b.route_keys;
}

bool same_credentials(const config::settings& a, const config::settings& b) {
  return a.relay.url == b.relay.url && a.relay.gateway_id == b.relay.gateway_id &&
         a.relay.pinned() == b.relay.pinned() && a.relay.gateway_secret == b.relay.gateway_secret &&
         a.idp == b.idp;
}

} // namespace

reload_plan plan_reload(const config::settings& before, const config::settings& next) {
  const auto &a = before.relay, &b = next.relay;
  reload_plan out;
  out.commands = before.service.commands != next.service.commands;
  out.media = before.media != next.media;
  out.idle = before.service.idle_after != next.service.idle_after || a.wake_url != b.wake_url;
  out.policies = before.policies != next.policies;
  out.replies = a.identities != b.identities || before.slack.reply_in_thread != next.slack.reply_in_thread;
  auto same_relay = a.vetoed == b.vetoed && same_credentials(before, next) &&
                    a.delivery_key == b.delivery_key && a.identities == b.identities;
  if (!same_relay)
    out.provisioning = provisioning_change::restart;
  else if (!same_announcement(a, b))
    out.provisioning = provisioning_change::announce;
  if (out.provisioning != provisioning_change::none || out.policies) out.end_policy = !relay_on(b);
  if (out.provisioning == provisioning_change::restart) {
    // Otherwise it is kept: it knows which refresh tokens are spent, and may have a new pair on its way.
    out.replace_identity = before.idp != next.idp || !relay_on(b) || b.pinned();
    // A changed set of platforms keeps what the connector gave.
    out.void_credentials = !same_credentials(before, next);
    out.void_declarations = a.url != b.url;
  }
  auto note = [&](bool differs, const char* section) {
    if (differs) out.changed.emplace_back(section);
  };
  note(out.provisioning != provisioning_change::none, "relay");
  note(out.policies, "policies");
  note(out.commands, "commands");
  note(out.media, "media");
  note(out.idle, "idle");
  note(before.slack.reply_in_thread != next.slack.reply_in_thread, "slack");
  note(before.service.log_level != next.service.log_level || before.service.format != next.service.format,
       "log");
  note(before.service.admin_token != next.service.admin_token ||
           before.service.read_token != next.service.read_token,
       "tokens");
  note(before.service.grace != next.service.grace, "grace");
  return out;
}

std::vector<std::string> waiting_for_restart(const config::settings& running, const config::settings& next) {
  std::vector<std::string> out;
  auto compare = [&](const char* key, bool same) {
    if (!same) out.emplace_back(key);
  };
  auto compare_rows = [&](const auto& rows, const auto& x, const auto& y) {
    for (const auto& row : rows)
      if (row.key->applies == config::applies::at_restart) compare(row.key->key, same_value(row, x, y));
  };
  const auto &a = running.service, &b = next.service;
  compare("gateway.listen", a.listen_host == b.listen_host && a.listen_port == b.listen_port);
  compare("gateway.metrics_listen", a.metrics_host == b.metrics_host && a.metrics_port == b.metrics_port);
  compare("gateway.agent", a.agent == b.agent);
  compare("gateway.openai", running.openai == next.openai);
  compare("gateway.nats", running.nats == next.nats);
  compare("gateway.state_dir", a.state_dir == b.state_dir);
  compare_rows(config::service_rows, a, b);
  compare_rows(config::session_rows, a, b);
  // Slack's replies follow a reload at once, the sessions that they belong to do not.
  compare_rows(config::slack_rows, running.slack, next.slack);
  compare_rows(config::prompt_rows, running.prompts, next.prompts);
  compare("gateway.limits", running.limits == next.limits);
  compare("gateway.tls", a.tls == b.tls);
  compare("the proxy", a.proxy == b.proxy);
  return out;
}

} // namespace relay::core
