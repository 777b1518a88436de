// Makes the threads of a service beat (app/heartbeat.hpp).
#pragma once

#include "app/heartbeat.hpp"

#include <caf/fwd.hpp>

#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay {

/// Every heartbeats::interval it lets the io_context's thread beat, and asks an actor to beat for the threads
/// that run actors. Two wake-ups in five seconds.
class pacemaker {
public:
  pacemaker(boost::asio::io_context& io, caf::actor_system& system, heartbeats& beats);
  pacemaker(const pacemaker&) = delete;
  pacemaker& operator=(const pacemaker&) = delete;
  ~pacemaker();
  /// Ends the timer and tells the actor to exit. On the io_context's thread, or when nobody runs it.
  void stop();

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace relay
