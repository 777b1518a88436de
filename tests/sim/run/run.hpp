// One run: a seed, a plan, the parties, one gateway after another, and the checker.
#pragma once

#include "relay_gateway/tests/sim/models/agent.hpp"
#include "relay_gateway/tests/sim/models/connector/connector.hpp"
#include "relay_gateway/tests/sim/models/identity_provider.hpp"
#include "relay_gateway/tests/sim/models/workload.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/run/gateway_life.hpp"
#include "relay_gateway/tests/sim/run/situation.hpp"

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace relay::sim {

struct run_options {
  fault_mask faults = fault_mask{}.set();   ///< those that may be armed
  bool all_faults = false;                  ///< arm all of them, not the seed's choice
  const scripted::script* script = nullptr; ///< played at the connector, until the faults stop
  /// Not 0: the seed's plan and its faults, with other choices of everything else.
  std::uint64_t variation = 0;
  std::ostream* trace = nullptr;
};

struct run_result {
  std::uint64_t seed = 0, variation = 0, hash = 0, lines = 0;
  std::uint64_t steps = 0;    ///< messages handled by actors
  std::uint64_t messages = 0; ///< events and actions that crossed the gateway
  usec lasted{0};             ///< in virtual time
  fault_mask armed, fired;
  fault_pairs reached;                    ///< which fault fired in which state
  std::vector<std::uint64_t> script_uses; ///< how often each rule of the script was used
  std::vector<violation> violations;
};

/// What stays of a seed's fault schedule beside a script: scheduling and latencies, and agents with moods of
/// their own. What else goes wrong is the script's doing.
fault_mask beside_a_script();

class run final : public agent_door {
public:
  run(std::uint64_t seed, const run_options& options);
  ~run() override;
  /// Plays it: safety, then liveness, then the ordered stop.
  run_result play();

  // -- agent_door
  std::shared_ptr<sim_socket> attach(std::shared_ptr<far_end> who) override;
  std::uint64_t life() const override { return life_ ? life_->number() : 0; }

private:
  void begin_life();
  void begin_life_at(usec when);
  void end_life(ending how);
  void spend_until(usec end);
  void let_one_act();
  void actor_dies(const std::string& name);
  void crash_router();
  void at_rest();
  void on_disk(const store_record& x);
  // what goes wrong at a time of its own (fault schedule.cpp)
  void plan_faults();
  void plan_link_faults();
  void plan_frame_faults();
  void plan_agent_faults();
  void plan_process_faults();
  void plan_orders();
  void plan_login_faults();
  void schedule(fault what, int most, std::function<void()> deed);
  void change_settings();
  void sleep_and_wake();
  void stop_and_start();
  void watch_stop(std::uint64_t number, usec since);
  void suspend(bool machine);
  void move_wall(std::int64_t ms);
  std::shared_ptr<sim_socket> any_socket(seeded_rng& rng);
  void plan_one_shots();
  void plan_operator();
  void list_dead_letters();
  void decide(const dead_letter& x);
  void ask_one_shot(seeded_rng& rng, bool any_op);
  void garbage();
  // the second phase
  void calm_down();
  void wait_for_peace();
  bool is_of_dead_letter(const std::string& path);
  void stop_for_good();
  void wait_for_stop();

  fault_set faults_;
  situation situation_;
  fault_pairs reached_;
  std::uint64_t variation_;
  timeline time_;
  trace log_;
  plan plan_;
  stage stage_;
  checker judge_;
  connector connector_;
  workload people_;
  link_network net_;
  sim_media_files media_files_;
  sim_disk disk_;
  shared_files shared_;
  identity_provider identity_provider_;
  surroundings around_;
  agent_crowd crowd_;
  std::vector<std::shared_ptr<sim_agent>> agents_;
  seeded_rng rng_, scheduling_, outside_, operator_;
  std::shared_ptr<const config::settings> settings_;
  std::unique_ptr<gateway_life> life_;
  std::uint64_t lives_ = 0, steps_ = 0, rotations_ = 0;
  int router_crashes_ = 0;
  usec dawn_{0}; ///< when a new life begins; the old one is gone
  bool stopping_ = false, rested_ = false;
  bool media_died_ = false; ///< what it had fetched stays until the process ends
};

} // namespace relay::sim
