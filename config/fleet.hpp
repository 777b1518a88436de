// Many gateways in one process: where their files are, and how one of these is resolved. Pure, as resolve().
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <string>

namespace relay::config {

/// The directory of the gateways' files that the process was given (GATEWAY_FLEET, --fleet); empty: it is one
/// gateway. It belongs to the process, and so is in no gateway's settings.
std::string fleet_directory(const resolution& of_process, const sources& from);

/// As resolve(), but what the config file says counts more than flags and variables, which are given for all
/// gateways of a fleet.
resolution resolve_file_first(const sources& from);

} // namespace relay::config
