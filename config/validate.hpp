// Settings that a program filled in itself, held against the rules that resolve() applies to what operators
// write.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <vector>

namespace relay::config {

/// Everything that is wrong, by the setting's name (`gateway.limits.max_pending`); empty when the settings
/// can be used. Unlike resolve() it replaces nothing, and it reads no file. Thread-safe.
std::vector<problem> validate(const settings& x);

} // namespace relay::config
