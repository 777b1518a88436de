// What the gateway says of itself: reports for people, its state for an embedding program.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/supervision/supervisor_setup.hpp"

namespace relay {

struct supervisor_state;

/// A part of the supervisor.
class status_control {
public:
  explicit status_control(supervisor_state& root) : s_(root) {}

  /// Asks the actors for their parts. One that does not answer in time is reported as it was at birth: status
  /// must work when things do not.
  caf::result<gateway_report> report();
  /// Tells supervisor_setup::on_state what has changed.
  void tell_state();

private:
  gateway_report known() const;
  bool agent_missing() const;

  supervisor_state& s_;
  gateway_state told_;
};

} // namespace relay
