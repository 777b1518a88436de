// Scenarios: framing, events and their acks. Each starts gateways of its own.
#pragma once

#include "relay_gateway/app/connector/conformance/scenarios/stage.hpp"

namespace relay::connector::conformance {

void play_framing(const stage& on);
void play_events(const stage& on);
void play_repeats(const stage& on);
void play_slack(const stage& on);
void play_slack_flat(const stage& on);

} // namespace relay::connector::conformance
