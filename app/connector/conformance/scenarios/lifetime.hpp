// Scenarios: connections that end, sleep and drain. Each starts gateways of its own.
#pragma once

#include "relay_gateway/app/connector/conformance/scenarios/stage.hpp"

namespace relay::connector::conformance {

void play_keepalive(const stage& on);
void play_redial(const stage& on);
void play_revoked(const stage& on);
void play_expired(const stage& on);
void play_drain(const stage& on);

} // namespace relay::connector::conformance
