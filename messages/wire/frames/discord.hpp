// Discord interactions, which a connector passes on as they are. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/wire/frames/frames.hpp"

namespace relay::wire {

/// One Discord interaction (protocol.md 5.2) as an event; false when it yields none (ping, undecodable).
bool decode_discord_interaction(const passthrough_forward& x, inbound_event& out);

} // namespace relay::wire
