// The scenarios: each starts gateways of its own and finds out about some clauses.
#pragma once

#include "relay_gateway/app/connector/conformance/scenarios/stage.hpp"

#include <string_view>
#include <vector>

namespace relay::connector::conformance {

struct scenario {
  std::string_view name;
  std::vector<std::string_view> clauses; ///< every one of them has a verdict after it
  void (*play)(const stage& on);
};

/// Those that take longest first.
const std::vector<scenario>& all_scenarios();

} // namespace relay::connector::conformance
