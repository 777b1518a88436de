// Runs many seeds in processes of their own, so that one that crashes or hangs costs its own run only.
#pragma once

#include "relay_gateway/tests/sim/run/run.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace relay::sim {

struct campaign {
  std::uint64_t first = 1, seeds = 1;
  unsigned jobs = 2;
  unsigned patience_s = 60;         ///< wall time that one seed may take
  std::uint64_t stop_after = ~0ULL; ///< violations
  std::function<run_result(std::uint64_t seed)> play;
};
struct campaign_result {
  std::uint64_t seeds = 0, steps = 0, messages = 0, violations = 0;
  usec lasted{0};
  /// How many runs each fault fired in.
  std::map<std::string, std::uint64_t> fired;
  fault_pairs reached;
  std::vector<std::uint64_t> script_uses; ///< how often each rule of the script was used, in all
};
/// Calls `told` for each seed, in the order in which they end.
campaign_result run_all(const campaign& what, const std::function<void(const run_result&)>& told);

} // namespace relay::sim
