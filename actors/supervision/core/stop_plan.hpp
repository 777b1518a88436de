// The stages of an ordered stop (protocol.md 3.2, Drain): one budget measured from the start, and teardown
// always runs (F18, F19).
//
//   running -> draining -> finishing -> closing -> stopping
//              going_idle  events taken, close      actors in the order of the data
//              acked       actions settled  1000
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace relay::core {

enum class stop_stage : std::uint8_t { running, draining, finishing, closing, stopping };

/// What the supervisor must do now. Several at once are done in the order of the members.
struct stop_orders {
  bool drain_link = false;    ///< tell the link manager to announce going_idle
  bool finish_agent = false;  ///< tell the agent that nothing new will come
  bool await_events = false;  ///< ask inbound whether every event is taken; events_taken() when it is
  bool await_actions = false; ///< ask egress whether every action is settled; actions_settled() when it is
  bool cut_short = false;     ///< the grace is nearly over with work left
  bool close_link = false;    ///< tell the link manager to close in order; link_stopped() when it has
  bool stop_children = false; ///< end the children one by one, in the order of `stop_sequence`
  bool kill_children = false; ///< somebody did not end: kill what is left
  std::optional<std::chrono::nanoseconds> limit; ///< call due(generation()) after this long
};

/// The way of the data, from its source: nobody is left to talk to somebody who is gone.
inline constexpr std::array<std::string_view, 9> stop_sequence{"configuration", "provisioner",   "identity",
                                                               "policy",        "link-manager",  "inbound",
                                                               "agent",         "egress-router", "media"};

class stop_plan {
public:
  /// Of the grace, this last part belongs to closing; a very short grace is halved.
  static constexpr std::chrono::milliseconds closing_part{3'000};
  /// The close handshake is bounded by the link's own limits; this is for a link manager that does not
  /// answer.
  static constexpr std::chrono::milliseconds longest_close{2'500};
  static constexpr std::chrono::milliseconds child_patience{500};

  stop_stage stage() const { return now_; }
  bool running() const { return now_ == stop_stage::running; }
  std::uint64_t generation() const { return generation_; }

  /// The stop is ordered. Nothing when it is under way.
  stop_orders begin(milliseconds grace);
  /// The connector acknowledged going_idle, or there is no link: nothing new comes.
  stop_orders link_quiet();
  stop_orders events_taken() const;
  /// `link_stopped`: there is nothing to close any more.
  stop_orders actions_settled(bool link_stopped);
  stop_orders link_stopped();
  /// A limit has run out; one of an older generation is void.
  stop_orders due(std::uint64_t generation, bool link_stopped);

private:
  void close(stop_orders& out, bool link_stopped);
  void stop(stop_orders& out);
  void arm(stop_orders& out, std::chrono::nanoseconds limit);

  stop_stage now_ = stop_stage::running;
  milliseconds grace_{0};
  std::uint64_t generation_ = 0;
};

} // namespace relay::core
