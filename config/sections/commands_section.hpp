// Commands for the manifest. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

#include <vector>

namespace relay::config {

/// Bad ones are left out.
std::vector<command_spec> read_commands(reading& in);

} // namespace relay::config
