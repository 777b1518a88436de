// The event object (protocol.md 5) as JSON.
#pragma once

#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// Reads an event object; false and a reason that names the field when it cannot be one. `source` is the text
/// that it was parsed from, or empty.
bool read_event(const json::value& from, std::string_view source, inbound_event& out, std::string& why);
/// `context` (background, oldest first) rendered for an agent; empty without an entry that has text.
std::string render_context(const json::value& context);

/// As it came when it did, else from the typed fields.
void append_event(std::string& out, const inbound_event& x);
void append_prompt_response(std::string& out, const prompt_response& x);
/// From the typed fields.
void append_typed_event(std::string& out, const inbound_event& x);

} // namespace relay::wire
