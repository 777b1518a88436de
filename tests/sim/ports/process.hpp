// One life of the gateway's process as its ports see it: what happens inside it waits while it is suspended
// and does not happen once it is dead.
#pragma once

#include "relay_gateway/tests/sim/base/faults.hpp"
#include "relay_gateway/tests/sim/base/timeline.hpp"
#include "relay_gateway/tests/sim/base/trace.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace relay::sim {

/// What all simulated parts of a run share.
struct stage {
  timeline& time;
  fault_set& faults;
  trace& log;
  std::uint64_t seed;
};

class process : public std::enable_shared_from_this<process> {
public:
  /// `number`: which life it is, from 1.
  process(stage on, std::uint64_t number) : on_(on), number_(number) {}
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  stage& on() noexcept { return on_; }
  std::uint64_t number() const noexcept { return number_; }
  bool alive() const noexcept { return alive_; }
  /// Something inside the process, after `delay`. Order is kept over a suspension.
  void inside(usec delay, timeline::deed what);
  /// Nothing inside happens before `when`. Those who listen hear of it.
  void suspend_until(usec when);
  bool suspended() const noexcept { return on_.time.now() < thaw_; }
  usec thaw() const noexcept { return thaw_; }
  /// kill -9, or the end of an ordered stop.
  void die();

  /// Unix time of this machine, in milliseconds.
  std::int64_t wall_ms() const noexcept;
  /// How far the machine's wall clock is off the true time.
  void shift_wall(std::int64_t ms) noexcept { wall_off_ms_ = ms; }
  std::int64_t wall_shift() const noexcept { return wall_off_ms_; }

  /// Called at a suspension (true) and at the end (false).
  void listen(std::function<void(bool suspended)> who) { listeners_.push_back(std::move(who)); }

private:
  stage on_;
  std::uint64_t number_;
  bool alive_ = true;
  usec thaw_{0};
  std::int64_t wall_off_ms_ = 0;
  std::vector<std::function<void(bool)>> listeners_;
};

/// Unix time at the start of every run.
inline constexpr std::int64_t wall_start_ms = 1'790'000'000'000;

} // namespace relay::sim
