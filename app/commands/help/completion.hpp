// Completion scripts for shells, made from the command tree. Pure.
#pragma once

#include "relay_gateway/app/commands/help/command_tree.hpp"

#include <string>

namespace relay::commands::help {

/// A script that the shell reads; `shell` is `bash`, `zsh` or `fish`.
std::string completion(const program& x, const std::string& shell);

} // namespace relay::commands::help
