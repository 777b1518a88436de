#include "relay_gateway/app/metrics/quantile.hpp"

#include <cmath>

namespace relay {

double quantile(const std::vector<histogram_bucket>& buckets, double part) {
  if (buckets.empty()) return 0;
  const auto wanted = part * buckets.back().cumulative;
  double below = 0, seen = 0;
  for (const auto& x : buckets) {
    const auto inside = x.cumulative - seen;
    if (x.cumulative >= wanted && inside > 0) {
      if (std::isinf(x.bound)) return below;
      return below + (x.bound - below) * (wanted - seen) / inside;
    }
    seen = x.cumulative;
    below = x.bound;
  }
  return 0;
}

} // namespace relay
