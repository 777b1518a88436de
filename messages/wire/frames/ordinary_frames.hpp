// The two frames that nearly all traffic is, read without a document as long as nothing about them is
// unusual.
#pragma once

#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <string_view>

namespace relay::wire {

/// Reads an `inbound` without attachments, context, reply or prompt, or an `outbound_result` of a success.
/// False, and `out` is unspecified, for every other line: then read_frame() decides. What is read here is
/// what read_frame() makes of it.
bool read_ordinary_frame(std::string_view line, bool authenticated, frame& out);
/// Any line, by a document.
frame read_frame(std::string_view line, bool authenticated);

} // namespace relay::wire
