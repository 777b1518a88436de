// Executes the stages of an ordered stop (actors/supervision/core/stop_plan).
#pragma once

#include "relay_gateway/actors/supervision/core/stop_plan.hpp"

#include <cstdint>

namespace relay {

struct supervisor_state;

/// A part of the supervisor.
class stop_control {
public:
  explicit stop_control(supervisor_state& root) : s_(root) {}

  void drain();
  void link_quiet();
  void link_stopped();
  void due(std::uint64_t generation);
  /// Ends the next child; when none is left, the supervisor.
  void stop_next_child();

  core::stop_plan plan;

private:
  void execute(const core::stop_orders& x);
  bool link_is_stopped() const;

  supervisor_state& s_;
  std::size_t stopped_ = 0; ///< so many of core::stop_sequence are done
};

} // namespace relay
