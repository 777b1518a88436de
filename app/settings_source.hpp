// A settings port over a function that reads files and variables.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <functional>
#include <memory>

namespace relay {

/// `resolve` runs on a thread of its own, one call at a time, for it waits for disks. An exception that it
/// throws is a problem of the resolution.
std::shared_ptr<settings_port> make_settings_source(std::function<config::resolution()> resolve);

} // namespace relay
