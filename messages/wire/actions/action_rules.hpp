// Which members an op needs and what they must be (the table of protocol.md 6).
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>

namespace relay::wire {

/// One line that names the first member that breaks the op's rules; empty = valid.
std::string check_action(op kind, const json::value& from);

} // namespace relay::wire
