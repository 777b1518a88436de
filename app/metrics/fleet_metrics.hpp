// The metrics of a fleet: those of each gateway with its name as the label `gateway`, and the process's own.
#pragma once

#include "relay_gateway/app/metrics/metrics.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace relay {

/// Thread-safe.
class fleet_metrics {
public:
  /// Gateways that have a label of their own; all further ones are counted together as `other`.
  static constexpr std::size_t most_labels = 1'000;

  fleet_metrics();
  fleet_metrics(const fleet_metrics&) = delete;
  fleet_metrics& operator=(const fleet_metrics&) = delete;
  ~fleet_metrics();

  /// The metrics of this gateway, made when they are asked for first. They go on over restarts of it.
  std::shared_ptr<metrics> of(const std::string& gateway);
  /// Its series end.
  void forget(const std::string& gateway);
  /// Counts in `relay_gateway_fleet_failures_total`. `cause`: file, start or died.
  void failed(const std::string& gateway, const std::string& cause);
  /// A counter that somebody else keeps, as in metrics::watch().
  void watch(const metric_text& what, std::function<std::uint64_t()> read);
  /// How many gateways are in each state; states that are not named go on at 0.
  void states(const std::vector<std::pair<std::string, std::uint64_t>>& now);

  /// The Prometheus text format. Counters and histograms of a gateway that are 0 are left out.
  std::string expose() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay
