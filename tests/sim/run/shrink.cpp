#include "relay_gateway/tests/sim/run/shrink.hpp"

#include <algorithm>

namespace relay::sim {

fault_mask shrink(const run_result& failed, const std::function<run_result(const fault_mask&)>& play) {
  if (failed.violations.empty()) return failed.armed;
  auto& rule = failed.violations.front().rule;
  auto fails = [&](const fault_mask& with) {
    auto x = play(with);
    return std::any_of(x.violations.begin(), x.violations.end(), [&](auto& y) { return y.rule == rule; });
  };
  // Those that never fired go first, all together.
  auto left = failed.armed & failed.fired;
  if (!fails(left)) left = failed.armed;
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < fault_count; ++i) {
      if (!left.test(i)) continue;
      auto fewer = left;
      fewer.reset(i);
      if (!fails(fewer)) continue;
      left = fewer;
      more = true;
    }
  }
  return left;
}

} // namespace relay::sim
