// Where actors run: CAF's test coordinator, with the seed choosing who is next and time that only moves when
// told to.
#pragma once

#include "relay_gateway/tests/sim/ports/process.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace relay::sim {

class deterministic_scheduler {
public:
  /// `host`: whose actors run here; its time is theirs, less what it was suspended.
  explicit deterministic_scheduler(std::shared_ptr<process> host);
  ~deterministic_scheduler();
  deterministic_scheduler(const deterministic_scheduler&) = delete;
  deterministic_scheduler& operator=(const deterministic_scheduler&) = delete;

  caf::actor_system& system() noexcept { return *system_; }
  /// Whether some actor has something to do.
  bool busy() const noexcept { return !jobs_->jobs.empty(); }
  /// Lets any one ready actor handle one message.
  void run_one(seeded_rng& rng);
  /// Runs until no actor has anything to do; timers stay as they are. False when that takes too long.
  bool settle(seeded_rng& rng, std::size_t most = 200'000);
  /// When the next timer is due, in the run's time; none when there is no timer.
  std::optional<usec> next_timer() const;
  /// Moves the actors' clock to the run's time, and fires what is due.
  void catch_up();
  /// The machine was suspended: the steady clock does not count this long.
  void sleep(usec how_long) { suspended_ += how_long; }
  /// Kills one actor of this name, if it is about to run. True when one was.
  bool kill_ready(seeded_rng& rng, std::string& name);
  /// Kills any actor that has run at least once; each name is as likely as another. `spared` is not.
  bool kill_any(seeded_rng& rng, std::string& name, std::string_view spared);
  /// The last actor of this name that has run, if it lives.
  caf::strong_actor_ptr last_of(const std::string& name) const;
  /// Forgets all timers.
  void cancel_timers() { jobs_->clock().cancel_all(); }
  /// Actors that live, without the system's own.
  std::size_t population() const;

private:
  struct config;
  caf::actor_clock::time_point steady() const;
  std::shared_ptr<process> host_;
  std::unique_ptr<config> config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* jobs_ = nullptr;
  usec suspended_{0};
  std::size_t system_actors_ = 0;
  std::map<std::string, caf::weak_actor_ptr> seen_; ///< the last one of each name that ran
};

} // namespace relay::sim
