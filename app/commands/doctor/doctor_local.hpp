// The parts of `relay-gateway doctor` that look at this machine. Each changes nothing: it renews no login and
// writes nothing but a file of its own that it removes.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/commands/doctor/findings.hpp"
#include "relay_gateway/config/settings.hpp"

#include <cstdint>
#include <string>

namespace relay::commands {

/// Who may provision, or which credentials are pinned.
finding check_tokens(const ports& env, const config::settings& from);
/// Whether the state directory can hold what is kept there, and is free. `running`: a gateway with these
/// settings runs here, so that it is its own.
finding check_state_dir(const std::string& path, bool running);
/// The process that holds a flock on this file, as /proc/locks of `table` tells; 0 = nobody. Looking takes no
/// lock that a gateway which starts right now would find taken.
std::uint64_t lock_holder(const std::string& table, std::uint64_t inode);

} // namespace relay::commands
