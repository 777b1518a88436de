// GATEWAY_* variables that name no setting, in the environment and in `.env`: warnings.
#pragma once

#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

/// Notes problems in the reading and never throws.
void check_unknown_variables(reading& in);

} // namespace relay::config
