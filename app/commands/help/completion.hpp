// Completion scripts for shells, made from the command tree. Pure.
#pragma once

#include "relay_gateway/app/commands/help/command_tree.hpp"

#include <string>

namespace relay::commands::help {

/// A script that bash (`complete`) or zsh (`compdef`) reads; `shell` is `bash` or `zsh`.
std::string completion(const program& x, const std::string& shell);

} // namespace relay::commands::help
