// `relay-gateway status`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

namespace relay::commands {

/// The status of a running gateway.
int status(const setting_options& from, bool json);

} // namespace relay::commands
