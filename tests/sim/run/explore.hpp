// A campaign that is guided by what it has reached: a seed whose run met a fault in a state in which no
// earlier run had met it is kept, and played again with other choices below the same plan.
#pragma once

#include "relay_gateway/tests/sim/run/situation.hpp"
#include "relay_gateway/tests/sim/run/workers.hpp"

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <vector>

namespace relay::sim {

struct exploration {
  std::uint64_t first = 1, runs = 1'000; ///< how many in all, fresh seeds and varied ones
  unsigned jobs = 2, patience_s = 60;
  run_options options;
};
struct exploration_result {
  campaign_result sum;
  fault_pairs reached;
  std::uint64_t fresh = 0, varied = 0; ///< runs
  std::uint64_t kept = 0;              ///< of these were kept
};
/// Calls `told` for each run; its result names seed and variation.
exploration_result explore(const exploration& what, const std::function<void(const run_result&)>& told);

/// What was never reached: faults, states, and for each state that was reached the faults that did not fire
/// in it. Faults that `allowed` has not are left out.
void tell_unreached(std::ostream& to, const fault_pairs& reached, const fault_mask& allowed);

} // namespace relay::sim
