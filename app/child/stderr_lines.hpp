// What a child says on its standard error, as log events: line by line, bounded in length and rate, without
// secrets. Private to app/child.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relay::child {

/// Notes `agent.stderr`; what comes too fast is dropped, and counted in `agent.stderr_dropped`. One thread.
class stderr_lines {
public:
  using instant = std::chrono::steady_clock::time_point;
  static constexpr std::size_t longest = 4'096; ///< bytes of a line that are looked at; the rest is left out
  static constexpr std::size_t shown = 1'000;   ///< and of those that are noted
  static constexpr double burst = 200, rate = 50; ///< lines at once, and lines a second

  stderr_lines(std::shared_ptr<log_port> log, std::vector<secret> hidden, instant now);
  void feed(std::string_view piece, instant now);
  /// The stream is over: an unfinished line counts as one.
  void finish(instant now);

private:
  void line(instant now);
  std::string without_secrets(std::string text) const;

  std::shared_ptr<log_port> log_;
  std::vector<secret> hidden_;
  std::string partial_;
  double allowance_ = burst;
  instant seen_;
  std::uint64_t dropped_ = 0;
};

} // namespace relay::child
