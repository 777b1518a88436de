// Slash commands as agents declare them (agent-link.md, hello), as they should be and as they must not be.
#pragma once

#include "relay_gateway/tests/sim/base/seeded_rng.hpp"

#include <string>

namespace relay::sim {

/// The value of `commands`. The names of those that are fine begin with `ok-`, and no others' do but for one
/// that is there twice.
std::string some_commands(seeded_rng& rng);

} // namespace relay::sim
