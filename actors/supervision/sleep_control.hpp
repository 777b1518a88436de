// Sleep: a gateway without any work goes dormant, or ends, until its wake URL is called (protocol.md 3.2).
// Executes what the idle detector and an order to sleep decide (actors/supervision/core/dormancy).
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/supervision/core/dormancy.hpp"
#include "relay_gateway/actors/supervision/core/idle_detector.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace relay {

struct supervisor_state;

/// A part of the supervisor.
class sleep_control {
public:
  explicit sleep_control(supervisor_state& root) : s_(root) {}

  // -- the idle policy
  /// The settings of the idle policy, or a wake URL, have changed.
  void watch_idle();
  void look_for_work();

  // -- one sleep
  /// A request to go dormant; answered with the outcome.
  caf::result<dormancy_outcome> order(const dormancy_order& x);
  void sleep_now(const dormancy_order& x, bool by_itself = false);
  void link_answered(dormancy_outcome x);
  /// An order that the link manager has not is void, one that it had come to is over.
  void cancel(std::string why);
  void link_manager_died();
  void became_dormant();
  void look_while_asleep(std::uint64_t which);
  void sleep_url_answered(const http_done& x);

private:
  void execute(core::dormancy_orders x);
  void looked(const core::workload& x);
  void read_work(std::function<void(const core::workload&)> then);
  void settled(const dormancy_outcome& x);
  void call_sleep_url();
  bool idle_policy_on() const;

  supervisor_state& s_;
  core::idle_detector idle_{milliseconds{0}, core::instant{}};
  bool looking_ = false;
  core::dormancy dormancy_;
  std::vector<caf::typed_response_promise<dormancy_outcome>> askers_;
};

} // namespace relay
