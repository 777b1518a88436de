// When the gateway is ready, and why it is not.
#pragma once

#include "relay_gateway/messages/control.hpp"

#include <string>

namespace relay::core {

/// The most urgent reason why events cannot be taken and handled now, in one line; empty = ready. A dormant
/// gateway is ready: the connector buffers and wakes it.
std::string why_not_ready(const link_status& link, const store_health& disk, bool agent_missing);

} // namespace relay::core
