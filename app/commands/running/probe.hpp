// `relay-gateway probe`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

#include <string>

namespace relay::commands {

/// The health check of an image without a shell: `what` is `live` or `ready`.
int probe(const setting_options& from, const std::string& what);

} // namespace relay::commands
