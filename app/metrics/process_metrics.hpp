// What the kernel knows about this process, as metrics with the names that Prometheus clients share.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <vector>

namespace relay {

/// Read anew at each call. What cannot be read (no /proc) is left out. Thread-safe. `started`: when the
/// process did.
std::vector<prometheus::MetricFamily> process_metrics(std::chrono::system_clock::time_point started);

} // namespace relay
