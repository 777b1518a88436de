// Scenarios: provisioning, credentials and policy. Each starts gateways of its own.
#pragma once

#include "relay_gateway/app/connector/conformance/scenarios/stage.hpp"

namespace relay::connector::conformance {

void play_boot(const stage& on);
void play_pinned(const stage& on);
void play_provisioning(const stage& on);
void play_policy(const stage& on);

} // namespace relay::connector::conformance
