// Keys inside `gateway` that look like a mistyped known one.
#pragma once

#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

/// Notes problems in the reading and never throws.
void check_unknown_keys(reading& in);

} // namespace relay::config
