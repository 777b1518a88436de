// Quantiles of a histogram with fixed buckets. Pure.
#pragma once

#include <vector>

namespace relay {

/// A bucket as Prometheus counts it.
struct histogram_bucket {
  double bound = 0;      ///< inclusive upper bound; infinite for the last one
  double cumulative = 0; ///< samples up to the bound
};

/// The value below which `part` (0 to 1) of the samples lies, interpolated within its bucket; the highest
/// finite bound for those beyond it, 0 without samples. `buckets` are in ascending order.
double quantile(const std::vector<histogram_bucket>& buckets, double part);

} // namespace relay
