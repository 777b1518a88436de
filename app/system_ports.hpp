// The real clock, randomness and small files behind world_port.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <memory>

namespace relay {

/// Thread-safe.
std::shared_ptr<world_port> make_system_ports();

} // namespace relay
