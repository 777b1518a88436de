// The result object of an action (protocol.md 6) as JSON.
#pragma once

#include "relay_gateway/messages/contract/result.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// Reads a result value of any type. `source` is the text that it was parsed from, or empty.
action_result read_result(const json::value& from, std::string_view source);
void append_result(std::string& out, const action_result& x);

} // namespace relay::wire
