// Notices that an actor system is destroyed while a gateway still lives in it.
#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>

#include <functional>
#include <memory>

namespace relay {

/// The destructor of an actor system waits for its actors, and a gateway's would never end: without this the
/// program would hang. The system ends its own service actors first, which is the sign.
class system_watch {
public:
  /// `gone` is called once, on a thread of the system, when its destruction begins; never after ~system_watch
  /// has returned.
  system_watch(caf::actor_system& system, std::function<void()> gone);
  system_watch(const system_watch&) = delete;
  system_watch& operator=(const system_watch&) = delete;
  ~system_watch();

private:
  struct shared;
  std::shared_ptr<shared> shared_;
  caf::strong_actor_ptr watched_; ///< keeps the service actor's memory, also beyond the system
};

} // namespace relay
