// Which commands the manifest holds (protocol.md 3): the operator's and those that the agents declare.
#pragma once

#include "relay_gateway/messages/contract/commands.hpp"

#include <vector>

namespace relay::core {

/// Both lists as one; a declared command takes the place of the configured one of its name. At most
/// `most_commands`: the last configured ones go first, because the agent can answer its own.
std::vector<command_spec> merged_commands(const std::vector<command_spec>& configured,
                                          const std::vector<command_spec>& declared);

} // namespace relay::core
