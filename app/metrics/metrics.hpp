// Counts for the actors and shows them to Prometheus (text format) and to `GET /v1/status`.
#pragma once

#include "relay_gateway/actors/metrics.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace relay {

/// All names of actors/metrics.hpp exist from the start, those without a label at 0; the others appear with
/// their first value. Beside them: the process (resident memory, processor time, open files, start) and
/// `relay_gateway_build_info`. Thread-safe; add() and set() take no lock once a label value is known.
class metrics final : public metrics_port {
public:
  /// Values per label; further ones count as `other`, so that a mistake cannot grow without bound.
  static constexpr std::size_t max_values = 48;

  metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;
  ~metrics() override;

  void add(counter what, std::uint64_t n = 1) noexcept override;
  void add(counter what, std::string_view value, std::uint64_t n = 1) noexcept override;
  void set(gauge what, std::int64_t value) noexcept override;

  /// A counter that somebody else keeps, read at each look. `read` is called on any thread.
  void watch(const metric_text& what, std::function<std::uint64_t()> read);

  /// The Prometheus text format.
  std::string expose() const;
  /// Every counter by its short name (`dials`; with a label also `dials.backoff`), in the order of
  /// metrics.hpp.
  std::vector<std::pair<std::string, std::uint64_t>> values() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay
