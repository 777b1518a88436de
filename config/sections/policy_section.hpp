// Which messages of each platform are relevant. Notes rows and problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

#include <vector>

namespace relay::config {

/// One policy per fronted platform but the generic one, in order.
std::vector<relevance_policy> read_policies(reading& in, const std::vector<identity>& fronted);

} // namespace relay::config
