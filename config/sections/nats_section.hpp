// The queue between a gateway and its workers. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

nats_settings read_nats(reading& in);

} // namespace relay::config
