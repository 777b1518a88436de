// `relay-gateway run`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

namespace relay::commands {

/// The service. `state_reset`: set aside what the state directory holds and begin anew.
int run(const setting_options& from, bool state_reset);

} // namespace relay::commands
