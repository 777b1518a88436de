// One life of the gateway's process: the whole actor tree, unchanged, on simulated ports.
#pragma once

#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/tests/sim/models/agent.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/ports/child.hpp"
#include "relay_gateway/tests/sim/ports/deterministic_scheduler.hpp"
#include "relay_gateway/tests/sim/ports/files.hpp"
#include "relay_gateway/tests/sim/ports/http.hpp"
#include "relay_gateway/tests/sim/ports/link.hpp"
#include "relay_gateway/tests/sim/ports/machine.hpp"
#include "relay_gateway/tests/sim/ports/store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace relay::sim {

/// What outlives a life.
struct surroundings {
  stage on;
  const plan& what;
  checker& judge;
  link_network& net;
  http_server& server;
  std::map<std::string, std::string>& files;
  shared_files& shared;
  sim_media_files& media_files;
  sim_disk& disk;
  std::function<std::shared_ptr<sim_agent>()> child; ///< who a child process is; null = it cannot be started
  std::uint64_t calls = 0, peers = 0;
};

class gateway_life {
public:
  gateway_life(surroundings& around, std::uint64_t number, std::shared_ptr<const config::settings> settings);
  ~gateway_life();
  gateway_life(const gateway_life&) = delete;
  gateway_life& operator=(const gateway_life&) = delete;

  process& host() noexcept { return *host_; }
  deterministic_scheduler& actors() noexcept { return scheduler_; }
  std::uint64_t number() const noexcept { return host_->number(); }

  void tell(command what);
  void apply(std::shared_ptr<const config::settings> next);
  /// Asks for the status; the checker hears of it.
  void ask_status();
  /// One action outside any agent (POST /v1/actions).
  void one_shot(const std::string& mark, action_request what);
  /// What an operator asks of the events that were set aside; not told when the gateway dies meanwhile.
  void dead_letters(dead_letter_ask what, std::function<void(const dead_letter_answer&)> told);
  /// Accepts an agent's socket.
  std::shared_ptr<sim_socket> attach(std::shared_ptr<far_end> who);
  /// A step of the queue of some chat with work throws. False when there is none.
  bool break_chat(seeded_rng& rng);
  /// The newest actor of that name dies. False when there is none.
  bool kill_actor(const std::string& name);
  /// The one that makes the provisioning calls of this platform does.
  void kill_provisioner(const std::string& platform);
  /// kill -9: nothing of it is seen any more.
  void kill(seeded_rng& rng);
  /// The ordered stop is complete.
  bool stopped() const noexcept { return *root_gone_; }
  /// After the end: what should not be there any more, one line; empty = nothing is.
  std::string left_over(seeded_rng& rng);
  /// Connections of agents that live.
  std::map<std::uint64_t, std::shared_ptr<sim_socket>>& agents() { return agents_; }
  const sim_metrics& metrics() const { return *metrics_; }

private:
  socket_setup hooks(std::uint64_t peer);
  agent_actor make_agent(const ports& all, caf::strong_actor_ptr parent);
  std::shared_ptr<child_port> children();
  surroundings& around_;
  std::shared_ptr<process> host_;
  deterministic_scheduler scheduler_;
  std::shared_ptr<sim_metrics> metrics_ = std::make_shared<sim_metrics>();
  std::weak_ptr<void> lifetime_;
  supervisor_actor root_;
  link_agent_actor link_;
  std::shared_ptr<bool> root_gone_ = std::make_shared<bool>(false);
  std::map<std::uint64_t, std::shared_ptr<sim_socket>> agents_;
};

} // namespace relay::sim
