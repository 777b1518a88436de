// The settings of one gateway of a fleet: from its file, and from what the process has for all of them.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <string>

namespace relay::fleet {

/// Where the settings of the gateway `name` come from, for config::resolve_file_first(): `path`, and the
/// flags and variables of the process. `common`: the process's own settings; a state directory of theirs gets
/// a folder for this gateway.
config::sources sources_of(config::sources process, const config::settings& common, const std::string& name,
                           const std::string& path);

/// What was resolved from these, as a gateway of the fleet has it: listener, tokens, log, scheduler and grace
/// are those of `common`, whatever the file says; one that it tries to set is a problem. The variables that
/// secrets of `common` are made of are kept from this gateway's children, too.
config::resolution for_gateway(config::resolution found, const config::settings& common);

/// Why these settings make no gateway, in one line; empty when they do.
std::string file_fault(const config::resolution& x);

} // namespace relay::fleet
