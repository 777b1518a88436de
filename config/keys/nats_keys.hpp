// Settings of the queue to workers on other machines.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/subject_prefix.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry nats_url{.key = "gateway.nats.url",
                                .variable = "GATEWAY_NATS_URL",
                                .flag = "nats",
                                .section = section::nats,
                                .what = "NATS servers of a worker (a gateway names them in its agent)",
                                .applies = applies::at_restart};
inline constexpr entry nats_prefix{
    .key = "gateway.nats.prefix",
    .variable = "GATEWAY_NATS_PREFIX",
    .flag = "nats.prefix",
    .section = section::nats,
    .what = "First part of all subjects; gateways and workers of one have the same",
    .by_default = "relay",
    .applies = applies::at_restart};
inline constexpr entry nats_credentials_file{.key = "gateway.nats.credentials_file",
                                             .variable = "GATEWAY_NATS_CREDENTIALS_FILE",
                                             .section = section::nats,
                                             .what = "File with a user's JWT and seed (.creds)",
                                             .applies = applies::at_restart};
inline constexpr entry nats_user{.key = "gateway.nats.user",
                                 .variable = "GATEWAY_NATS_USER",
                                 .flag = "nats.user",
                                 .section = section::nats,
                                 .what = "User at the NATS server",
                                 .applies = applies::at_restart};
inline constexpr entry nats_password{
    .key = "gateway.nats.password",
    .variable = "GATEWAY_NATS_PASSWORD",
    .secret = true,
    .section = section::nats,
    .what = "That user's password; a file is read anew when the connection is made again",
    .applies = applies::at_restart};
inline constexpr entry nats_token{
    .key = "gateway.nats.token",
    .variable = "GATEWAY_NATS_TOKEN",
    .secret = true,
    .section = section::nats,
    .what = "Token for the NATS server; a file is read anew when the connection is made again",
    .applies = applies::at_restart};
inline constexpr entry nats_replicas{.key = "gateway.nats.replicas",
                                     .variable = "GATEWAY_NATS_REPLICAS",
                                     .flag = "nats.replicas",
                                     .section = section::nats,
                                     .what = "Copies of a stream that is made, 1 to 5",
                                     .by_default = "1",
                                     .applies = applies::at_restart};
inline constexpr entry nats_ack_wait{
    .key = "gateway.nats.ack_wait",
    .variable = "GATEWAY_NATS_ACK_WAIT",
    .flag = "nats.ack_wait",
    .section = section::nats,
    .what = "An event of a worker that is silent for so long goes to another one",
    .by_default = "30s",
    .applies = applies::at_restart};
inline constexpr entry nats_max_ack_pending{.key = "gateway.nats.max_ack_pending",
                                            .variable = "GATEWAY_NATS_MAX_ACK_PENDING",
                                            .flag = "nats.max_ack_pending",
                                            .section = section::nats,
                                            .what = "Events of a gateway that may be with workers at a time",
                                            .by_default = "1024",
                                            .applies = applies::at_restart};
inline constexpr entry nats_room{.key = "gateway.nats.room",
                                 .variable = "GATEWAY_NATS_ROOM",
                                 .flag = "nats.room",
                                 .section = section::nats,
                                 .what = "Events that a worker takes at a time",
                                 .by_default = "16",
                                 .applies = applies::at_restart};

/// In the order of config/README.md.
inline constexpr std::array nats_entries{
    &nats_url,      &nats_prefix,   &nats_credentials_file, &nats_user, &nats_password, &nats_token,
    &nats_replicas, &nats_ack_wait, &nats_max_ack_pending,  &nats_room};

} // namespace relay::config::keys

namespace relay::config {

inline parsed<std::uint64_t> parse_replicas(const std::string& text) {
  auto read = parse_count(text);
  if (read.value && *read.value > most_replicas) return parsed<std::uint64_t>::bad("must be 1 to 5");
  return read;
}
inline std::string replicas_text(std::uint64_t copies) { return std::to_string(copies); }

/// Those that a row can describe, in the order of config/README.md.
inline constexpr std::array nats_rows{
    text_row(keys::nats_user, &nats_settings::user),
    hidden_or_file_row(keys::nats_password, &nats_settings::password),
    hidden_or_file_row(keys::nats_token, &nats_settings::token),
    form_row<&nats_settings::replicas, parse_replicas, replicas_text>(keys::nats_replicas),
    duration_row(keys::nats_ack_wait, &nats_settings::ack_wait),
    count_row(keys::nats_max_ack_pending, &nats_settings::max_ack_pending),
    count_row(keys::nats_room, &nats_settings::room)};

} // namespace relay::config
