// Counts for the actors and shows them to Prometheus (text format) and to `GET /v1/status`.
#pragma once

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/messages/control.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace relay {

class series;

/// A histogram since the start, in seconds; the quantiles are interpolated within its buckets.
struct latency {
  std::string name; ///< short: `receive_to_ack`
  std::uint64_t count = 0;
  double sum = 0, p50 = 0, p99 = 0;
};

/// All series of actors/metrics.hpp exist from the start, at 0. Beside them: the process (resident memory,
/// processor time, open files, start) and `relay_gateway_build_info`. Thread-safe; add(), set() and observe()
/// take no lock of ours. A label's value that is not declared is counted as `other`, so that a mistake cannot
/// grow without bound.
class metrics final : public metrics_port {
public:
  metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;
  ~metrics() override;

  void add(counter what, std::uint64_t n = 1) noexcept override;
  void add(counter what, std::string_view value, std::uint64_t n = 1) noexcept override;
  void set(gauge what, std::int64_t value) noexcept override;
  void observe(histogram what, std::chrono::nanoseconds took) noexcept override;

  /// A counter that somebody else keeps, read at each look. `read` is called on any thread.
  void watch(const metric_text& what, std::function<std::uint64_t()> read);

  /// Takes over what a report says: a gauge is as fresh as the look at it. Any thread.
  void apply(const gateway_report& now);

  /// The Prometheus text format.
  std::string expose() const;
  /// Every counter by its short name (`dials`; with a label also `dials.backoff`), in the order of
  /// metrics.hpp.
  std::vector<std::pair<std::string, std::uint64_t>> values() const;
  /// Every histogram, in the order of metrics.hpp.
  std::vector<latency> latencies() const;
  /// For the metrics of a fleet, which show those of all gateways together.
  const relay::series& series() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay
