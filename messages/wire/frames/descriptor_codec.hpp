// The descriptor object (protocol.md 4) as JSON.
#pragma once

#include "relay_gateway/messages/contract/descriptor.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// Reads a descriptor object; every member that is missing or of another type takes its default. `source` is
/// the text that it was parsed from, or empty.
descriptor read_descriptor(const json::value& from, std::string_view source);
/// From the typed fields.
void append_descriptor(std::string& out, const descriptor& x);

} // namespace relay::wire
