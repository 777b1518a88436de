// What a new resolution means for a process that runs. Pure.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <string>
#include <vector>

namespace relay {

/// Why this resolution must not replace running settings, in one line; empty when it may. `before`: what was
/// wrong with the running ones. `file_was_there`: they came from a config file. At boot a bad value gives way
/// to its default; to a process that runs that would mean to turn something off because of a slip.
std::string reload_fault(const config::resolution& next, const std::vector<config::problem>& before,
                         bool file_was_there);

/// One line for each changed setting that only a restart brings into effect.
std::vector<std::string> needs_restart(const config::settings& running, const config::settings& next);

} // namespace relay
