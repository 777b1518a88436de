// One order to sleep, from the first check for work to its outcome, and the looks for work while asleep
// (protocol.md 3.2; F70). Idleness is judged right before going_idle and again after its ack; work that comes
// while asleep wakes the gateway.
#pragma once

#include "relay_gateway/actors/supervision/core/idle_detector.hpp"
#include "relay_gateway/messages/control.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace relay::core {

/// What the supervisor must do now, in the order of the members.
struct dormancy_orders {
  std::optional<std::uint64_t> read_work;   ///< read the workload and call work_read() with this number
  bool look_at_work = false;                ///< read the workload and call work_seen()
  std::optional<dormancy_order> order_link; ///< hand this to the link manager; link_answered() follows
  bool wake_link = false;                   ///< tell the link manager to dial again
  bool work_came = false;                   ///< why: there is work for a gateway that sleeps
  std::optional<dormancy_outcome> settled;  ///< the outcome, for everybody who asked
  bool call_sleep_url = false;              ///< the socket is closed: the machine may be stopped
  std::optional<std::uint64_t> look_later;  ///< call look_due() with this number after `look_interval`
};

class dormancy {
public:
  /// How soon work that comes while asleep is seen.
  static constexpr std::chrono::seconds look_interval{1};

  bool under_way() const { return at_ != step::none; }

  /// Somebody, or (`by_itself`) the idle policy, wants the gateway to sleep. `running`: no stop is under way.
  dormancy_orders order(const dormancy_order& what, bool by_itself, bool running, const link_status& link);
  /// The workload that read_work asked for. One of an older number is void.
  dormancy_orders work_read(std::uint64_t number, const workload& work, link_phase phase);
  /// What the link manager made of the order.
  dormancy_orders link_answered(dormancy_outcome x, link_phase phase);
  /// The order is void, unless the link manager has it.
  dormancy_orders cancel(std::string why, link_phase phase);
  /// An order that the link manager had is over.
  dormancy_orders link_manager_died(link_phase phase);
  /// The phase turned to dormant: from now on work is looked for.
  dormancy_orders became_dormant();
  dormancy_orders look_due(std::uint64_t which, link_phase phase, bool running);
  /// The workload that look_at_work asked for.
  dormancy_orders work_seen(const workload& work, link_phase phase);

private:
  enum class step : std::uint8_t {
    none,
    first_check, ///< is there work?
    ordered,     ///< the link manager has it
    second_check ///< acknowledged and closed; is there work by now?
  };
  void settle(dormancy_orders& out, dormancy_outcome x, link_phase phase);

  step at_ = step::none;
  dormancy_order what_;
  bool by_itself_ = false;   ///< ordered by the idle policy, not by a request
  workload before_;          ///< when it was ordered, then at each look while asleep
  std::uint64_t number_ = 0; ///< of the order; an older one is void
  std::uint64_t looks_ = 0;  ///< of the chain of looks while asleep
};

} // namespace relay::core
