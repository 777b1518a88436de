// The agent that asks a model. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

openai_settings read_openai(reading& in);

} // namespace relay::config
