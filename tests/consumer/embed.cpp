// A gateway inside a program of somebody else: its own actor system, its own message type beside the
// library's, and an agent kind that this library does not offer, so that the start is refused with a reason.
#include "relay_gateway/app/gateway.hpp"
#include "relay_gateway/version.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <iostream>

static_assert(RELAY_GATEWAY_TYPE_ID_OFFSET > 0, "the ids below the library's are this program's");

struct host_config : caf::actor_system_config {
  host_config() { relay::register_messages(*this); }
};

int main() {
  host_config config;
  caf::actor_system system{config};
  relay::gateway_options options;
  options.settings.service.agent.kind = relay::config::agent_kind::nats;
  std::string error;
  auto gateway = relay::gateway::start(system, std::move(options), error);
  std::cout << (gateway ? "started" : error) << '\n';
  return gateway || error.empty() ? 1 : 0;
}
