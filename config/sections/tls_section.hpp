// Certificates. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

tls_settings read_tls(reading& in);

} // namespace relay::config
