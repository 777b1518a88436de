// Scenarios: results of actions, interactions, and old connectors. Each starts gateways of its own.
#pragma once

#include "relay_gateway/app/connector/conformance/scenarios/stage.hpp"

namespace relay::connector::conformance {

void play_results(const stage& on);
void play_passthrough(const stage& on);
void play_legacy(const stage& on);

} // namespace relay::connector::conformance
