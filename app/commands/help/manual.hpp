// The man page, made from the command tree and the catalogue of settings. Pure.
#pragma once

#include "relay_gateway/app/commands/help/command_tree.hpp"

#include <string>
#include <string_view>

namespace relay::commands::help {

/// A page of section 1 in roff: name, synopsis, commands, settings, exit codes. `version` goes into its
/// footer.
std::string manual(const program& x, std::string_view version);

} // namespace relay::commands::help
