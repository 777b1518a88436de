// The scenarios: each starts gateways of its own and finds out about some clauses.
#pragma once

#include "relay_gateway/app/connector/conformance/trial.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector::conformance {

/// What a scenario is given.
struct stage {
  const description& what;
  report& told;
  const std::string& work_dir;
};

struct scenario {
  std::string_view name;
  std::vector<std::string_view> clauses; ///< every one of them has a verdict after it
  void (*play)(const stage& on);
};

/// Those that take longest first.
const std::vector<scenario>& all_scenarios();

// boot.cpp
void play_boot(const stage& on);
void play_pinned(const stage& on);
void play_provisioning(const stage& on);
void play_policy(const stage& on);
// traffic.cpp
void play_framing(const stage& on);
void play_events(const stage& on);
void play_repeats(const stage& on);
void play_slack(const stage& on);
void play_slack_flat(const stage& on);
// results.cpp
void play_results(const stage& on);
void play_passthrough(const stage& on);
void play_legacy(const stage& on);
// actions.cpp
void play_actions(const stage& on);
void play_sessions(const stage& on);
/// False where the gateway's agent carries out no actions; the clauses are `not offered` then.
bool offers_actions(const stage& on, std::initializer_list<std::string_view> clauses);
void judge_slack_actions(trial& x, const stage& on);
/// On a gateway whose discord offers the oldest ops only.
void judge_unsupported(trial& x, const stage& on);
// lifetime.cpp
void play_keepalive(const stage& on);
void play_redial(const stage& on);
void play_revoked(const stage& on);
void play_expired(const stage& on);
void play_drain(const stage& on);

} // namespace relay::connector::conformance
