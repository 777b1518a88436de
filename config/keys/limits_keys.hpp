// Settings of time-outs and bounds: reading and listing go by this one table.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/settings.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry handshake_timeout{.key = "gateway.limits.handshake_timeout",
                                         .variable = "GATEWAY_HANDSHAKE_TIMEOUT",
                                         .flag = "limits.handshake_timeout",
                                         .section = section::limits,
                                         .what = "From the upgrade to the descriptors of all platforms",
                                         .by_default = "30s",
                                         .applies = applies::at_restart};
inline constexpr entry outbound_timeout{.key = "gateway.limits.outbound_timeout",
                                        .variable = "GATEWAY_OUTBOUND_TIMEOUT",
                                        .flag = "limits.outbound_timeout",
                                        .section = section::limits,
                                        .what = "How long a frame waits for its result",
                                        .by_default = "30s",
                                        .applies = applies::at_restart};
inline constexpr entry http_timeout{.key = "gateway.limits.http_timeout",
                                    .variable = "GATEWAY_HTTP_TIMEOUT",
                                    .flag = "limits.http_timeout",
                                    .section = section::limits,
                                    .what = "Time limit of a call: provisioning, policy, token",
                                    .by_default = "15s",
                                    .applies = applies::at_restart};
inline constexpr entry ping_interval{.key = "gateway.limits.ping_interval",
                                     .variable = "GATEWAY_PING_INTERVAL",
                                     .flag = "limits.ping_interval",
                                     .section = section::limits,
                                     .what = "Pause between pings",
                                     .by_default = "10s",
                                     .applies = applies::at_restart};
inline constexpr entry ping_timeout{.key = "gateway.limits.ping_timeout",
                                    .variable = "GATEWAY_PING_TIMEOUT",
                                    .flag = "limits.ping_timeout",
                                    .section = section::limits,
                                    .what = "Silence after which a connection counts as dead",
                                    .by_default = "25s",
                                    .applies = applies::at_restart};
inline constexpr entry stable_after{.key = "gateway.limits.stable_after",
                                    .variable = "GATEWAY_STABLE_AFTER",
                                    .flag = "limits.stable_after",
                                    .section = section::limits,
                                    .what = "A connection of this age resets the backoff",
                                    .by_default = "30s",
                                    .applies = applies::at_restart};
inline constexpr entry backoff_min{.key = "gateway.limits.backoff_min",
                                   .variable = "GATEWAY_BACKOFF_MIN",
                                   .flag = "limits.backoff_min",
                                   .section = section::limits,
                                   .what = "First pause before a new try",
                                   .by_default = "1s",
                                   .applies = applies::at_restart};
inline constexpr entry backoff_max{.key = "gateway.limits.backoff_max",
                                   .variable = "GATEWAY_BACKOFF_MAX",
                                   .flag = "limits.backoff_max",
                                   .section = section::limits,
                                   .what = "Longest pause before a new try",
                                   .by_default = "30s",
                                   .applies = applies::at_restart};
inline constexpr entry idle_ack_timeout{.key = "gateway.limits.idle_ack_timeout",
                                        .variable = "GATEWAY_IDLE_ACK_TIMEOUT",
                                        .flag = "limits.idle_ack_timeout",
                                        .section = section::limits,
                                        .what = "How long the connector may take to confirm the sleep",
                                        .by_default = "10s",
                                        .applies = applies::at_restart};
inline constexpr entry max_frame{.key = "gateway.limits.max_frame",
                                 .variable = "GATEWAY_MAX_FRAME",
                                 .flag = "limits.max_frame",
                                 .section = section::limits,
                                 .what = "Longest line that is read or written",
                                 .by_default = "8MiB",
                                 .applies = applies::at_restart};
inline constexpr entry max_pending{.key = "gateway.limits.max_pending",
                                   .variable = "GATEWAY_MAX_PENDING",
                                   .flag = "limits.max_pending",
                                   .section = section::limits,
                                   .what = "Open events above which reading stops",
                                   .by_default = "10000",
                                   .applies = applies::at_restart};
inline constexpr entry max_chats{.key = "gateway.limits.max_chats",
                                 .variable = "GATEWAY_MAX_CHATS",
                                 .flag = "limits.max_chats",
                                 .section = section::limits,
                                 .what = "Chats that are remembered",
                                 .by_default = "1000000",
                                 .applies = applies::at_restart};
inline constexpr entry chat_idle{.key = "gateway.limits.chat_idle",
                                 .variable = "GATEWAY_CHAT_IDLE",
                                 .flag = "limits.chat_idle",
                                 .section = section::limits,
                                 .what = "After this time without work a chat leaves memory",
                                 .by_default = "30m",
                                 .applies = applies::at_restart};
inline constexpr entry agent_ack_timeout{.key = "gateway.limits.agent_ack_timeout",
                                         .variable = "GATEWAY_AGENT_ACK_TIMEOUT",
                                         .flag = "limits.agent_ack_timeout",
                                         .section = section::limits,
                                         .what = "How long an agent may take to acknowledge an event",
                                         .by_default = "1m",
                                         .applies = applies::at_restart};
inline constexpr entry agent_max_deliveries{.key = "gateway.limits.agent_max_deliveries",
                                            .variable = "GATEWAY_AGENT_MAX_DELIVERIES",
                                            .flag = "limits.agent_max_deliveries",
                                            .section = section::limits,
                                            .what = "Deliveries of an event before it is set aside",
                                            .by_default = "5",
                                            .applies = applies::at_restart};
inline constexpr entry dedupe_window{.key = "gateway.limits.dedupe_window",
                                     .variable = "GATEWAY_DEDUPE_WINDOW",
                                     .flag = "limits.dedupe_window",
                                     .section = section::limits,
                                     .what = "How long repeats of an event are recognized",
                                     .by_default = "10m",
                                     .applies = applies::at_restart};
inline constexpr entry dedupe_entries{.key = "gateway.limits.dedupe_entries",
                                      .variable = "GATEWAY_DEDUPE_ENTRIES",
                                      .flag = "limits.dedupe_entries",
                                      .section = section::limits,
                                      .what = "Events whose repeats are recognized",
                                      .by_default = "100000",
                                      .applies = applies::at_restart};
inline constexpr entry egress_hold{.key = "gateway.limits.egress_hold",
                                   .variable = "GATEWAY_EGRESS_HOLD",
                                   .flag = "limits.egress_hold",
                                   .section = section::limits,
                                   .what = "How long an action waits for a connection",
                                   .by_default = "30s",
                                   .applies = applies::at_restart};
inline constexpr entry max_in_memory{
    .key = "gateway.limits.max_in_memory",
    .variable = "GATEWAY_MAX_IN_MEMORY",
    .flag = "limits.max_in_memory",
    .section = section::limits,
    .what = "Open events in memory; with a state directory further ones wait on disk",
    .by_default = "4096",
    .applies = applies::at_restart};
inline constexpr entry chat_in_memory{.key = "gateway.limits.chat_in_memory",
                                      .variable = "GATEWAY_CHAT_IN_MEMORY",
                                      .flag = "limits.chat_in_memory",
                                      .section = section::limits,
                                      .what = "Of these, events of one chat",
                                      .by_default = "64",
                                      .applies = applies::at_restart};
inline constexpr entry max_prompts{.key = "gateway.limits.max_prompts",
                                   .variable = "GATEWAY_MAX_PROMPTS",
                                   .flag = "limits.max_prompts",
                                   .section = section::limits,
                                   .what = "Prompts that are remembered",
                                   .by_default = "10000",
                                   .applies = applies::at_restart};
inline constexpr entry prompt_lifetime{.key = "gateway.limits.prompt_lifetime",
                                       .variable = "GATEWAY_PROMPT_LIFETIME",
                                       .flag = "limits.prompt_lifetime",
                                       .section = section::limits,
                                       .what = "How long a prompt takes answers",
                                       .by_default = "1h",
                                       .applies = applies::at_restart};
inline constexpr entry route_age{.key = "gateway.limits.route_age",
                                 .variable = "GATEWAY_ROUTE_AGE",
                                 .flag = "limits.route_age",
                                 .section = section::limits,
                                 .what = "How long an unused chat's route is remembered",
                                 .by_default = "720h",
                                 .applies = applies::at_restart};
inline constexpr entry turn_age{.key = "gateway.limits.turn_age",
                                .variable = "GATEWAY_TURN_AGE",
                                .flag = "limits.turn_age",
                                .section = section::limits,
                                .what = "How long the route of a delivery is remembered",
                                .by_default = "24h",
                                .applies = applies::at_restart};

} // namespace relay::config::keys

namespace relay::config {

/// In the order of settings.md.
inline constexpr std::array limit_table{duration_row(keys::handshake_timeout, &limits::handshake_timeout),
                                        duration_row(keys::outbound_timeout, &limits::outbound_timeout),
                                        duration_row(keys::http_timeout, &limits::http_timeout),
                                        duration_row(keys::ping_interval, &limits::ping_interval),
                                        duration_row(keys::ping_timeout, &limits::ping_timeout),
                                        duration_row(keys::stable_after, &limits::stable_after),
                                        duration_row(keys::backoff_min, &limits::backoff_min),
                                        duration_row(keys::backoff_max, &limits::backoff_max),
                                        duration_row(keys::idle_ack_timeout, &limits::idle_ack_timeout),
                                        size_row(keys::max_frame, &limits::max_frame),
                                        count_row(keys::max_pending, &limits::max_pending),
                                        count_row(keys::max_chats, &limits::max_chats),
                                        duration_row(keys::chat_idle, &limits::chat_idle),
                                        duration_row(keys::agent_ack_timeout, &limits::agent_ack_timeout),
                                        count_row(keys::agent_max_deliveries, &limits::agent_max_deliveries),
                                        duration_row(keys::dedupe_window, &limits::dedupe_window),
                                        count_row(keys::dedupe_entries, &limits::dedupe_entries),
                                        duration_row(keys::egress_hold, &limits::egress_hold),
                                        count_row(keys::max_in_memory, &limits::max_in_memory),
                                        count_row(keys::chat_in_memory, &limits::chat_in_memory),
                                        count_row(keys::max_prompts, &limits::max_prompts),
                                        duration_row(keys::prompt_lifetime, &limits::prompt_lifetime),
                                        duration_row(keys::route_age, &limits::route_age),
                                        duration_row(keys::turn_age, &limits::turn_age)};

} // namespace relay::config
