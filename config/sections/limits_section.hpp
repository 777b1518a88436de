// Time-outs and bounds. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

limits read_limits(reading& in);

} // namespace relay::config
