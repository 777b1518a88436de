// The parts of the settings, each read by one function in a file of its own. All of them note rows and
// problems in the reading and never throw.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

/// Connector, fronted platforms, credentials, veto.
relay_settings read_relay(reading& in);
/// Who may provision.
identity_settings read_identity(reading& in);
/// One policy per fronted platform but the generic one, in order.
std::vector<relevance_policy> read_policies(reading& in, const std::vector<identity>& fronted);
slack_settings read_slack(reading& in);
prompt_settings read_prompts(reading& in);
/// Agent, listener, state, logs, TLS, proxies.
service_settings read_service(reading& in);
tls_settings read_tls(reading& in);
proxy_settings read_proxies(reading& in);
/// Commands for the manifest; bad ones are left out.
std::vector<command_spec> read_commands(reading& in);
/// Attachments.
media_settings read_media(reading& in);
/// Time-outs and bounds.
limits read_limits(reading& in);
/// Keys inside `gateway` that look like a mistyped known one.
void check_unknown_keys(reading& in);
/// GATEWAY_* variables that name no setting, in the environment and in `.env`: warnings.
void check_unknown_variables(reading& in);

} // namespace relay::config
