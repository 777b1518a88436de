// From a failing run to the fewest faults that still make it fail.
#pragma once

#include "relay_gateway/tests/sim/run/run.hpp"

#include <cstdint>
#include <functional>

namespace relay::sim {

/// Tries to do without each fault of a failing run; what is left breaks the same rule. Plays the seed about
/// once per fault.
fault_mask shrink(const run_result& failed, const std::function<run_result(const fault_mask&)>& play);

} // namespace relay::sim
