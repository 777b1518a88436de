// The part of `relay-gateway doctor` that looks at the queue to workers.
#pragma once

#include "relay_gateway/app/commands/doctor/findings.hpp"
#include "relay_gateway/config/settings.hpp"

namespace relay::commands {

/// Nothing when neither a gateway nor a worker of these settings uses a queue. Stores nothing there.
findings check_queue(const config::settings& from);

} // namespace relay::commands
