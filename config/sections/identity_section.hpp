// Who may provision. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

identity_settings read_identity(reading& in);

} // namespace relay::config
