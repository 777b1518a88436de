// Asks the gateway that runs on this machine with the same settings, over its admin listener.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/commands/setting_options.hpp"
#include "relay_gateway/config/settings.hpp"

#include <string>

namespace relay::commands {

/// The listener of these settings as a URL base; one that listens everywhere is asked on loopback. Empty when
/// the port is 0, for then nobody can know it.
std::string listener_url(const config::service_settings& x);

/// One call, waited for. With the admin token, when one is set. Status 0 and one line in `error` without an
/// answer.
http_response ask_gateway(const setting_options& from, const std::string& method, const std::string& path,
                          const std::string& body, milliseconds limit);

/// A GET of what a read token may see: with that token, or the admin token where there is none.
http_response look_at_gateway(const setting_options& from, const std::string& path, milliseconds limit);

/// What to say of an answer 401 to it.
inline constexpr auto wrong_token =
    "the gateway does not take this token; set GATEWAY_READ_TOKEN or GATEWAY_ADMIN_TOKEN to its own";

} // namespace relay::commands
