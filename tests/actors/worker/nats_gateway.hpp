// A gateway whose agents are workers behind a queue.
#pragma once

#include "relay_gateway/actors/agents/nats.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"

#include <caf/actor_system.hpp>

#include <memory>
#include <utility>

namespace relay::testing {

/// `all` has the queue's port.
inline auto start_nats_gateway(caf::actor_system& sys, const ports& all, const config::settings& settings) {
  supervisor_setup setup;
  setup.settings = std::make_shared<const config::settings>(settings);
  setup.agent_name = "nats";
  setup.agent_present = false;
  setup.make_agent = [&sys, all,
                      what = nats_setup_of(settings)](caf::strong_actor_ptr parent) -> agent_actor {
    return sys.spawn(nats_agent, all, what, std::move(parent));
  };
  return sys.spawn(supervisor, all, std::move(setup));
}

} // namespace relay::testing
