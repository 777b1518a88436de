// The values of one gateway's metrics, in a few kilobytes: a process may hold a thousand of them. Private to
// app/metrics.
#pragma once

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/messages/control.hpp"

#include <prometheus/metric_family.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay {

using metric_labels = std::vector<prometheus::ClientMetric::Label>;
using metric_families = std::vector<prometheus::MetricFamily>;

/// Thread-safe; counting takes no lock.
class series {
public:
  series();

  void add(counter what, std::uint64_t n) noexcept;
  /// A value that is not declared counts as `other`.
  void add(counter what, std::string_view value, std::uint64_t n) noexcept;
  void set(gauge what, std::int64_t value) noexcept;
  void observe(histogram what, std::chrono::nanoseconds took) noexcept;
  /// The provisioning stages of these platforms, and of no other ones.
  void show(const std::vector<platform_report>& platforms);
  /// Counts what `x` counted as well; its gauges are added.
  void merge(const series& x);

  /// All families, without a value yet.
  static metric_families families();
  /// Adds each value to its family, with these labels beside its own. `zeros`: also counters and histograms
  /// in which nothing was counted.
  void collect(metric_families& to, const metric_labels& with, bool zeros) const;

  std::vector<std::pair<std::string, std::uint64_t>> values() const;
  std::vector<latency> latencies() const;

private:
  /// From a fast disk to a slow agent, in seconds.
  static constexpr std::array<double, 16> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                 0.25,   0.5,   1,      2.5,   5,    10,    30,   60};
  struct times {
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets{}; ///< the last one: beyond all bounds
    std::atomic<std::uint64_t> nanoseconds{0};
  };
  static prometheus::ClientMetric::Histogram shown(const times& x);
  void collect_counters(metric_families& to, const metric_labels& with, bool zeros) const;

  std::vector<std::atomic<std::uint64_t>> counts_; ///< by counter, then by the label's values, `other` last
  std::array<std::atomic<std::int64_t>, static_cast<std::size_t>(gauge::count_)> gauges_{};
  std::array<times, static_cast<std::size_t>(histogram::count_)> times_{};
  mutable std::mutex lock_;
  std::map<std::string, std::string> stages_; ///< platform -> stage
};

/// `relay_gateway_build_info`
prometheus::MetricFamily build_info();
/// A counter that somebody else keeps.
prometheus::MetricFamily kept_elsewhere(const metric_text& what, std::uint64_t value);
/// `relay_gateway_dials_total` as `dials`.
std::string short_name(std::string_view name);

} // namespace relay
