// A line whose text is fine and some side field of which is not (protocol.md 3): an event is worth more than
// its decoration. Thread-safe: no state.
#pragma once

#include <string>
#include <string_view>

namespace relay::wire {

/// Writes a frame's line with null in the place of those members, of the frame and of its event, source,
/// forward, result or descriptor, that no parser accepts. False when there are none, when one of them is
/// needed to know what the frame says or where it belongs, or when the line is broken elsewhere.
bool without_unreadable_fields(std::string_view line, std::string& out);

} // namespace relay::wire
