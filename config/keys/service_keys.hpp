// Settings of the service: agent, listener, state, log, network.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/values/hold.hpp"
#include "relay_gateway/config/values/units.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry agent{
    .key = "gateway.agent",
    .variable = "GATEWAY_AGENT",
    .flag = "agent",
    .section = section::service,
    .what = "Who answers: link, echo, exec:<command line>, openai:<base URL> or nats:<URL>",
    .by_default = "link",
    .applies = applies::at_restart};
inline constexpr entry listen{.key = "gateway.listen",
                              .variable = "GATEWAY_LISTEN",
                              .flag = "listen",
                              .section = section::service,
                              .what = "HOST:PORT of health, administration and agent link; port 0 picks one",
                              .by_default = "127.0.0.1:9480",
                              .applies = applies::at_restart};
inline constexpr entry admin_token{.key = "gateway.admin_token",
                                   .variable = "GATEWAY_ADMIN_TOKEN",
                                   .secret = true,
                                   .section = section::service,
                                   .what =
                                       "Bearer token for administration; required to listen beyond loopback"};
inline constexpr entry read_token{.key = "gateway.read_token",
                                  .variable = "GATEWAY_READ_TOKEN",
                                  .secret = true,
                                  .section = section::service,
                                  .what = "Bearer token that may see metrics and status, and nothing else"};
inline constexpr entry metrics_listen{
    .key = "gateway.metrics_listen",
    .variable = "GATEWAY_METRICS_LISTEN",
    .flag = "metrics_listen",
    .section = section::service,
    .what = "HOST:PORT of a listener for metrics and status alone; port 0 picks one",
    .applies = applies::at_restart};
inline constexpr entry state_dir{.key = "gateway.state_dir",
                                 .variable = "GATEWAY_STATE_DIR",
                                 .flag = "state_dir",
                                 .section = section::service,
                                 .what = "Where events, actions and attachments are kept; none = memory only",
                                 .applies = applies::at_restart};
inline constexpr entry fleet{.key = "GATEWAY_FLEET",
                             .variable = "GATEWAY_FLEET",
                             .flag = "fleet",
                             .in_file = false,
                             .section = section::service,
                             .what = "Directory of YAML files, each a gateway of its own in this process",
                             .applies = applies::at_restart};
inline constexpr entry log_level{.key = "gateway.log.level",
                                 .variable = "GATEWAY_LOG_LEVEL",
                                 .flag = "log.level",
                                 .section = section::service,
                                 .what = "trace, debug, info, warn, error, critical or off",
                                 .by_default = "info"};
inline constexpr entry log_format{.key = "gateway.log.format",
                                  .variable = "GATEWAY_LOG_FORMAT",
                                  .flag = "log.format",
                                  .section = section::service,
                                  .what = "text, json, or auto: text on a terminal",
                                  .by_default = "auto"};
inline constexpr entry scheduler{.key = "gateway.scheduler",
                                 .variable = "GATEWAY_SCHEDULER",
                                 .flag = "scheduler",
                                 .section = section::service,
                                 .what = "Where actors run: io (the I/O thread) or pool",
                                 .by_default = "io",
                                 .applies = applies::at_restart};
inline constexpr entry grace{.key = "gateway.grace",
                             .variable = "GATEWAY_GRACE",
                             .flag = "grace",
                             .section = section::service,
                             .what = "How long a stop waits for what is under way",
                             .by_default = "25s"};
inline constexpr entry idle_after{.key = "gateway.idle.after",
                                  .variable = "GATEWAY_IDLE_AFTER",
                                  .flag = "idle.after",
                                  .section = section::service,
                                  .what = "Without any work for so long, the idle action follows; 0s: never",
                                  .by_default = "0s"};
inline constexpr entry idle_action{.key = "gateway.idle.action",
                                   .variable = "GATEWAY_IDLE_ACTION",
                                   .flag = "idle.action",
                                   .section = section::service,
                                   .what = "dormant or exit; needs a wake URL",
                                   .by_default = "dormant"};
inline constexpr entry idle_hold{.key = "gateway.idle.hold",
                                 .variable = "GATEWAY_IDLE_HOLD",
                                 .flag = "idle.hold",
                                 .section = section::service,
                                 .what = "How long no connection is opened once dormant",
                                 .by_default = "20s"};
inline constexpr entry tls_ca_file{.key = "gateway.tls.ca_file",
                                   .variable = "GATEWAY_TLS_CA_FILE",
                                   .flag = "tls.ca_file",
                                   .section = section::service,
                                   .what = "PEM file of trusted authorities instead of the system store",
                                   .applies = applies::at_restart};
inline constexpr entry tls_cert_file{.key = "gateway.tls.cert_file",
                                     .variable = "GATEWAY_TLS_CERT_FILE",
                                     .flag = "tls.cert_file",
                                     .section = section::service,
                                     .what = "PEM file of the client certificate",
                                     .applies = applies::at_restart};
inline constexpr entry tls_key_file{.key = "gateway.tls.key_file",
                                    .variable = "GATEWAY_TLS_KEY_FILE",
                                    .flag = "tls.key_file",
                                    .section = section::service,
                                    .what = "PEM file of its key",
                                    .applies = applies::at_restart};
inline constexpr entry https_proxy{.key = "HTTPS_PROXY",
                                   .variable = "HTTPS_PROXY",
                                   .secret = true,
                                   .other_case = "https_proxy",
                                   .in_file = false,
                                   .section = section::service,
                                   .what = "Proxy for https and wss",
                                   .applies = applies::at_restart};
inline constexpr entry http_proxy{.key = "HTTP_PROXY",
                                  .variable = "HTTP_PROXY",
                                  .secret = true,
                                  .other_case = "http_proxy",
                                  .in_file = false,
                                  .section = section::service,
                                  .what = "Proxy for http and ws",
                                  .applies = applies::at_restart};
inline constexpr entry no_proxy{.key = "NO_PROXY",
                                .variable = "NO_PROXY",
                                .other_case = "no_proxy",
                                .in_file = false,
                                .section = section::service,
                                .what = "Hosts that are reached without a proxy",
                                .applies = applies::at_restart};

/// In the order of settings.md.
inline constexpr std::array service_entries{
    &agent,       &listen,        &admin_token,  &read_token,  &metrics_listen, &state_dir,   &fleet,
    &log_level,   &log_format,    &scheduler,    &grace,       &idle_after,     &idle_action, &idle_hold,
    &tls_ca_file, &tls_cert_file, &tls_key_file, &https_proxy, &http_proxy,     &no_proxy};

} // namespace relay::config::keys

namespace relay::config {

inline constexpr auto log_levels = std::to_array<word<const char*>>({{"trace", "trace"},
                                                                     {"debug", "debug"},
                                                                     {"info", "info"},
                                                                     {"warn", "warn"},
                                                                     {"warning", "warn"},
                                                                     {"error", "error"},
                                                                     {"critical", "critical"},
                                                                     {"off", "off"}});
inline constexpr auto log_formats = std::to_array<word<log_format>>(
    {{"auto", log_format::automatic}, {"text", log_format::text}, {"json", log_format::json}});
inline constexpr auto schedulers =
    std::to_array<word<scheduler_kind>>({{"io", scheduler_kind::io}, {"pool", scheduler_kind::pool}});
inline constexpr auto idle_actions =
    std::to_array<word<idle_action>>({{"dormant", idle_action::dormant}, {"exit", idle_action::exit}});

/// Those that a row can describe, in the order of settings.md. 0 is what `idle.after` is by default and means
/// never, so it is also how a value of the config file is taken back.
inline constexpr std::array service_rows{
    words_row<&service_settings::log_level, log_levels>(keys::log_level),
    words_row<&service_settings::format, log_formats>(keys::log_format),
    words_row<&service_settings::scheduler, schedulers>(keys::scheduler),
    form_row<&service_settings::grace, parse_duration, duration_text>(keys::grace),
    form_row<&service_settings::idle_after, parse_duration, duration_text>(keys::idle_after),
    words_row<&service_settings::idle_does, idle_actions>(keys::idle_action),
    form_row<&service_settings::idle_hold, parse_hold, duration_text>(keys::idle_hold)};

} // namespace relay::config
