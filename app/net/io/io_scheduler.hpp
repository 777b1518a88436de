// A CAF scheduler module that runs every actor on the thread that runs an io_context (design.md, Threads and
// schedulers): a hop between actors costs 0.1 us instead of up to 30.
#pragma once

#include <caf/fwd.hpp>

#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay::net {

/// Makes `config`'s actor system run its actors on `io`. Exactly one thread may run `io`, and it must still
/// be run while the actor_system is destroyed or have been drained with drain_actors(). Actor timers use `io`
/// too. `io` must outlive the actor_system. Call before the actor_system is made.
void use_io_scheduler(caf::actor_system_config& config, boost::asio::io_context& io);

/// Runs everything that is ready on `system` to the end, on the calling thread, which must be the one that
/// ran the io_context (now stopped). Call after the actors were told to exit and before ~actor_system.
/// Pending timers are dropped, as nobody would fire them: wait for what needs time while the io_context still
/// runs. Does nothing to a system with another scheduler.
void drain_actors(caf::actor_system& system);

/// Somebody who has to finish what actors began, once for all of them.
class after_actors {
public:
  virtual ~after_actors() = default;
  virtual void actors_ran() = 0;
};
/// Calls `who` as soon as the actors that run on this thread now have had their turns: that is no handler of
/// its own, for each of which the io_context asks the kernel. False when none run here; then nobody is
/// called.
bool call_after_actors(std::shared_ptr<after_actors> who);

/// Whether the actors of `system` run on an io_context.
bool runs_on_io(caf::actor_system& system);
/// Runs what is ready on such a system, on the calling thread; pending timers stay. For whoever waits for
/// actors, perhaps on the very thread that would run them. Not from inside an actor. Does nothing to a system
/// with another scheduler.
void run_ready_actors(caf::actor_system& system);

} // namespace relay::net
