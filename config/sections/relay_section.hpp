// Connector, fronted platforms, credentials, veto. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

relay_settings read_relay(reading& in);

} // namespace relay::config
