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

} // namespace relay::commands
