// Settings of the relay: connector, platforms, credentials.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/values/addresses/url_rules.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry relay_url{
    .key = "gateway.relay_url",
    .variable = "GATEWAY_RELAY_URL",
    .flag = "relay_url",
    .section = section::relay,
    .what = "Base URL of the connector; without one the relay is off and only health is served"};
inline constexpr entry relay_platforms{.key = "gateway.relay_platforms",
                                       .variable = "GATEWAY_RELAY_PLATFORMS",
                                       .flag = "relay_platforms",
                                       .section = section::relay,
                                       .what =
                                           "Platforms to front, in order; none: the single generic identity",
                                       .by_default = "relay"};
inline constexpr entry relay_bot_ids{
    .key = "gateway.relay_bot_ids",
    .variable = "GATEWAY_RELAY_BOT_IDS",
    .flag = "relay_bot_ids",
    .section = section::relay,
    .what = "Bot of each platform: "
            "{\"discord\":{\"botId\":\"1\"},\"telegram\":{\"botId\":\"2\",\"username\":\"@x\"}}"};
inline constexpr entry relay_id{.key = "gateway.relay_id",
                                .variable = "GATEWAY_RELAY_ID",
                                .flag = "relay_id",
                                .section = section::relay,
                                .what = "Id of this gateway; gw-<host name> asks for one at provisioning"};
inline constexpr entry relay_secret{
    .key = "gateway.relay_secret",
    .variable = "GATEWAY_RELAY_SECRET",
    .secret = true,
    .section = section::relay,
    .what = "Secret of this gateway; with the id it takes the place of provisioning"};
inline constexpr entry relay_delivery_key{.key = "gateway.relay_delivery_key",
                                          .variable = "GATEWAY_RELAY_DELIVERY_KEY",
                                          .secret = true,
                                          .section = section::relay,
                                          .what = "Key that signs deliveries to a public endpoint"};
inline constexpr entry relay_endpoint{
    .key = "gateway.relay_endpoint",
    .variable = "GATEWAY_RELAY_ENDPOINT",
    .flag = "relay_endpoint",
    .section = section::relay,
    .what = "Public URL of this gateway, for connectors that still deliver by HTTP"};
inline constexpr entry relay_route_keys{.key = "gateway.relay_route_keys",
                                        .variable = "GATEWAY_RELAY_ROUTE_KEYS",
                                        .flag = "relay_route_keys",
                                        .section = section::relay,
                                        .what = "Route keys that provisioning claims"};
inline constexpr entry relay_instance_id{
    .key = "gateway.relay_instance_id",
    .variable = "GATEWAY_RELAY_INSTANCE_ID",
    .flag = "relay_instance_id",
    .section = section::relay,
    .what = "Id of the instance that this gateway belongs to, told at provisioning"};
inline constexpr entry relay_display_name{.key = "gateway.relay_display_name",
                                          .variable = "GATEWAY_RELAY_DISPLAY_NAME",
                                          .flag = "relay_display_name",
                                          .section = section::relay,
                                          .what =
                                              "Name for people, told at provisioning; 64 characters at most"};
inline constexpr entry relay_sleep_url{
    .key = "gateway.relay_sleep_url",
    .variable = "GATEWAY_RELAY_SLEEP_URL",
    .flag = "relay_sleep_url",
    .section = section::relay,
    .what = "Is sent an empty POST once the gateway has gone to sleep by itself"};
inline constexpr entry relay_wake_url{.key = "gateway.relay_wake_url",
                                      .variable = "GATEWAY_RELAY_WAKE_URL",
                                      .flag = "relay_wake_url",
                                      .section = section::relay,
                                      .what = "URL that wakes this gateway, told at provisioning"};
inline constexpr entry relay_enabled{
    .key = "platforms.relay.enabled",
    .section = section::relay,
    .what = "false forbids everything: no provisioning, no policy, no connection",
    .by_default = "true"};

/// In the order of settings.md.
inline constexpr std::array relay_entries{
    &relay_url,          &relay_platforms, &relay_bot_ids,    &relay_id,          &relay_secret,
    &relay_delivery_key, &relay_endpoint,  &relay_route_keys, &relay_instance_id, &relay_display_name,
    &relay_sleep_url,    &relay_wake_url,  &relay_enabled};

} // namespace relay::config::keys

namespace relay::config {

/// Those that a row can describe, in the order of settings.md; between the two tables stands the display
/// name.
inline constexpr std::array relay_account_rows{
    hidden_row(keys::relay_secret, &relay_settings::gateway_secret),
    hidden_row(keys::relay_delivery_key, &relay_settings::delivery_key),
    url_row(keys::relay_endpoint, &relay_settings::endpoint, callback_rule),
    list_row(keys::relay_route_keys, &relay_settings::route_keys),
    text_row(keys::relay_instance_id, &relay_settings::instance_id)};
inline constexpr std::array relay_sleep_rows{
    url_row(keys::relay_sleep_url, &relay_settings::sleep_url, callback_rule),
    url_row(keys::relay_wake_url, &relay_settings::wake_url, callback_rule)};

} // namespace relay::config
