// Makes the threads of a service beat (app/health/liveness_monitor.hpp).
#pragma once

#include "relay_gateway/app/health/liveness_monitor.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay {

/// Every liveness_monitor::interval it lets the io_context's thread beat, and asks an actor to beat for the
/// threads that run actors. `each` is called on the io_context's thread at each beat. Two wake-ups in five
/// seconds.
class heartbeat_timer {
public:
  heartbeat_timer(boost::asio::io_context& io, caf::actor_system& system, liveness_monitor& beats,
                  std::function<void()> each = {});
  heartbeat_timer(const heartbeat_timer&) = delete;
  heartbeat_timer& operator=(const heartbeat_timer&) = delete;
  ~heartbeat_timer();
  /// Ends the timer and tells the actor to exit. On the io_context's thread, or when nobody runs it.
  void stop();

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace relay
