// The reactions on a message that is worked on (core/reactions): straight to the connection, past the chat's
// order, so that no reply ever waits for one.
#pragma once

#include "relay_gateway/actors/egress/core/reactions.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <string>

namespace relay {

struct egress_state;

namespace egress {

/// A turn begins on a message, or was given up.
void mark(egress_state& s, const turn_mark& x);
/// The answer to this delivery is over.
void end_turn(egress_state& s, const std::string& delivery_id, core::turn_end how);

} // namespace egress
} // namespace relay
