// Settings of the identity that may provision.
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/values/addresses/url_rules.hpp"

#include <array>

namespace relay::config::keys {

inline constexpr entry idp_token_url{.key = "gateway.idp.token_url",
                                     .variable = "GATEWAY_RELAY_IDP_TOKEN_URL",
                                     .flag = "idp.token_url",
                                     .section = section::identity,
                                     .what = "OAuth2 token endpoint for client credentials"};
inline constexpr entry idp_client_id{.key = "gateway.idp.client_id",
                                     .variable = "GATEWAY_RELAY_IDP_CLIENT_ID",
                                     .flag = "idp.client_id",
                                     .section = section::identity,
                                     .what = "Client id there"};
inline constexpr entry idp_client_secret{.key = "gateway.idp.client_secret",
                                         .variable = "GATEWAY_RELAY_IDP_CLIENT_SECRET",
                                         .secret = true,
                                         .section = section::identity,
                                         .what = "Client secret there"};
inline constexpr entry idp_scope{.key = "gateway.idp.scope",
                                 .variable = "GATEWAY_RELAY_IDP_SCOPE",
                                 .flag = "idp.scope",
                                 .section = section::identity,
                                 .what = "Scope to ask for"};
inline constexpr entry relay_access_token{
    .key = "gateway.relay_access_token",
    .variable = "GATEWAY_RELAY_ACCESS_TOKEN",
    .secret = true,
    .section = section::identity,
    .what = "Bearer token that may provision; a file is read anew at each use"};
inline constexpr entry hermes_portal{.key = "HERMES_PORTAL_BASE_URL",
                                     .variable = "HERMES_PORTAL_BASE_URL",
                                     .in_file = false,
                                     .section = section::identity,
                                     .what = "Portal that refreshes the login of auth.json"};
inline constexpr entry nous_portal{.key = "NOUS_PORTAL_BASE_URL",
                                   .variable = "NOUS_PORTAL_BASE_URL",
                                   .in_file = false,
                                   .section = section::identity,
                                   .what = "The same; HERMES_PORTAL_BASE_URL wins"};

/// In the order of settings.md.
inline constexpr std::array identity_entries{&idp_token_url, &idp_client_id,      &idp_client_secret,
                                             &idp_scope,     &relay_access_token, &hermes_portal,
                                             &nous_portal};

} // namespace relay::config::keys

namespace relay::config {

/// Those that a row can describe, in the order of settings.md.
inline constexpr std::array identity_rows{
    url_row(keys::idp_token_url, &identity_settings::token_url, token_rule),
    text_row(keys::idp_client_id, &identity_settings::client_id),
    hidden_row(keys::idp_client_secret, &identity_settings::client_secret),
    text_row(keys::idp_scope, &identity_settings::scope),
    hidden_or_file_row(keys::relay_access_token, &identity_settings::access_token)};

} // namespace relay::config
