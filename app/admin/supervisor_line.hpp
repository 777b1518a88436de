// Talks to the supervisor from outside its actor system.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>

namespace relay::admin {

/// Copies are cheap and share one actor, which asks in our name and goes with the last copy; all of them must
/// be gone before the actor system. Calls are for any thread. A question is answered once, on some thread of
/// the actor system: with null when the supervisor is gone or takes longer than `limit`. Questions that are
/// open when the last copy goes are dropped.
class supervisor_line {
public:
  /// Spawns, and so belongs on the thread that will destroy `system`: CAF ties a thread that ever spawned to
  /// the system until that thread ends, and the system's destructor waits for it.
  supervisor_line(caf::actor_system& system, supervisor_actor to);

  void report(milliseconds limit, std::function<void(const gateway_report*)> done) const;
  void act(action_request what, milliseconds limit, std::function<void(const action_outcome*)> done) const;
  void dead_letters(dead_letter_ask what, milliseconds limit,
                    std::function<void(const dead_letter_answer*)> done) const;
  void sleep(dormancy_order what, milliseconds limit,
             std::function<void(const dormancy_outcome*)> done) const;
  void tell(command x) const;

private:
  struct proxy;
  supervisor_actor to_;
  std::shared_ptr<const proxy> proxy_;
};

} // namespace relay::admin
