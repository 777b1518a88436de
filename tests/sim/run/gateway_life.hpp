// One life of the gateway's process: the whole actor tree, unchanged, on simulated ports.
#pragma once

#include "actors/agents/link.hpp"
#include "actors/interfaces.hpp"
#include "oracle/court.hpp"
#include "parties/agent.hpp"
#include "parties/plan.hpp"
#include "ports/child.hpp"
#include "ports/files.hpp"
#include "ports/hall.hpp"
#include "ports/http.hpp"
#include "ports/link.hpp"
#include "ports/machine.hpp"
#include "ports/store.hpp"

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
  court& judge;
  link_network& net;
  http_server& server;
  std::map<std::string, std::string>& files;
  shared_files& shared;
  media_shop& shop;
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
  hall& actors() noexcept { return hall_; }
  std::uint64_t number() const noexcept { return host_->number(); }

  void tell(command what);
  void apply(std::shared_ptr<const config::settings> next);
  /// Asks for the status; the court hears of it.
  void ask_status();
  /// One action outside any agent (POST /v1/actions).
  void one_shot(const std::string& mark, action_request what);
  /// What an operator asks of the events that were set aside; not told when the gateway dies meanwhile.
  void letters(dead_letter_ask what, std::function<void(const dead_letter_answer&)> told);
  /// Accepts an agent's socket.
  std::shared_ptr<cable> attach(std::shared_ptr<far_end> who);
  /// kill -9: nothing of it is seen any more.
  void kill(dice& luck);
  /// The ordered stop is complete.
  bool stopped() const noexcept { return *root_gone_; }
  /// After the end: what should not be there any more, one line; empty = nothing is.
  std::string left_over(dice& luck);
  /// Connections of agents that live.
  std::map<std::uint64_t, std::shared_ptr<cable>>& agents() { return agents_; }
  const sim_metrics& metrics() const { return *metrics_; }

private:
  cable_setup hooks(std::uint64_t peer);
  agent_actor make_agent(const ports& all, caf::strong_actor_ptr parent);
  std::shared_ptr<child_port> children();
  surroundings& around_;
  std::shared_ptr<process> host_;
  hall hall_;
  std::shared_ptr<sim_metrics> metrics_ = std::make_shared<sim_metrics>();
  std::weak_ptr<void> lifetime_;
  supervisor_actor root_;
  link_agent_actor link_;
  std::shared_ptr<bool> root_gone_ = std::make_shared<bool>(false);
  std::map<std::uint64_t, std::shared_ptr<cable>> agents_;
};

} // namespace relay::sim
