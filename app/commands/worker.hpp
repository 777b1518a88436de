// `relay-gateway worker`: the other end of a `nats:` agent.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

namespace relay::commands {

/// Hosts the agent of the settings for whatever gateways use the queue. Returns the exit code: 0 after a
/// planned stop.
int worker(const setting_options& from);

} // namespace relay::commands
