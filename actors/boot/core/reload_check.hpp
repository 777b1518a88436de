// Whether settings that were resolved anew may replace those that run.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <string>
#include <vector>

namespace relay::core {

/// Why this resolution must not replace running settings, in one line; empty when it may. `before`: what was
/// wrong with the running ones. `file_was_there`: they came from a config file. At boot a bad value gives way
/// to its default; to a process that runs that would mean to turn something off because of a slip.
std::string reload_fault(const config::resolution& next, const std::vector<config::problem>& before,
                         bool file_was_there);

} // namespace relay::core
