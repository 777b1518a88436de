// Commands (messages/contract/commands.hpp) as JSON. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/commands.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

/// Reads a list of commands. What is bad is left out and told in `faults`, one line each: `commands[2]: ...`.
void read_commands(const json::value& from, std::vector<command_spec>& out, std::vector<std::string>& faults);
/// The same for JSON text.
void decode_commands(std::string_view text, std::vector<command_spec>& out, std::vector<std::string>& faults);

/// The manifest as JSON array text; empty without a command.
std::string encode_commands(const std::vector<command_spec>& commands);

} // namespace relay::wire
