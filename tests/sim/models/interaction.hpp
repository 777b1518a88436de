// Discord interactions as a connector forwards them (protocol.md 5.2).
#pragma once

#include "relay_gateway/tests/sim/base/seeded_rng.hpp"
#include "relay_gateway/tests/sim/models/facts.hpp"

#include <string>

namespace relay::sim {

/// The body of the request that Discord made.
std::string interaction_json(const told_event& x, seeded_rng& rng);
/// Whether an agent that is given `text` was told what the user did.
/// Asks for suggestions while somebody still types.
std::string autocomplete_json(const told_event& x);
bool tells(const told_event& x, const std::string& text);

} // namespace relay::sim
