// What a process resolves its settings from: environ, the disk, the host's name.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <map>
#include <optional>
#include <string>

namespace relay::config {

/// sources of this process; `flags` and `--config` are the caller's. A file that hangs counts as one that
/// cannot be read: two seconds for one, four for all of a resolution.
sources process_sources(std::map<std::string, std::string> flags, std::optional<std::string> config_file);

} // namespace relay::config
