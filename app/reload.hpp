// What a new resolution means for a process that runs. Pure.
#pragma once

#include "config/resolve.hpp"

#include <string>
#include <vector>

namespace relay {

/// Why this resolution must not replace running settings, in one line; empty when it may. `file_was_there`:
/// the running settings came from a config file. At boot a file that cannot be used counts as empty; to a
/// process that runs that would mean to turn everything off because of a slip.
std::string reload_fault(const config::resolution& next, bool file_was_there);

/// One line for each changed setting that only a restart brings into effect.
std::vector<std::string> needs_restart(const config::settings& running, const config::settings& next);

} // namespace relay
