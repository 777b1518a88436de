// Proxies of outgoing connections. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

proxy_settings read_proxies(reading& in);

} // namespace relay::config
