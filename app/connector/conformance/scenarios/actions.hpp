// Scenarios: every op with its fields. Each starts gateways of its own.
#pragma once

#include "relay_gateway/app/connector/conformance/scenarios/stage.hpp"

#include <initializer_list>
#include <string_view>

namespace relay::connector::conformance {

void play_actions(const stage& on);
void play_sessions(const stage& on);
/// False where the gateway's agent carries out no actions; the clauses are `not offered` then.
bool offers_actions(const stage& on, std::initializer_list<std::string_view> clauses);
void judge_slack_actions(trial& x, const stage& on);
/// On a gateway whose discord offers the oldest ops only.
void judge_unsupported(trial& x, const stage& on);

} // namespace relay::connector::conformance
