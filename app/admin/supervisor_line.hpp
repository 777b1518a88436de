// Talks to the supervisor from outside its actor system.
#pragma once

#include "actors/interfaces.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <functional>

namespace relay::admin {

/// Copies are cheap. Any thread. Every question is answered exactly once, on some thread of the actor system;
/// with null when the supervisor is gone or takes longer than `limit`.
class supervisor_line {
public:
  supervisor_line(caf::actor_system& system, supervisor_actor to) : system_(&system), to_(std::move(to)) {}

  void report(milliseconds limit, std::function<void(const gateway_report*)> done) const;
  void act(action_request what, milliseconds limit, std::function<void(const action_outcome*)> done) const;
  void tell(command x) const;
  void tell(settings_ptr x) const;

private:
  caf::actor_system* system_;
  supervisor_actor to_;
};

} // namespace relay::admin
