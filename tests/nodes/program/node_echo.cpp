// One node with an agent, as a process of its own: node_echo PORT CERTIFICATE KEY CA SIGNATURE
// Says `attached`, or why not, and ends when its input does.
#include "relay_gateway/app/nodes/nodes.hpp"
#include "relay_gateway/tests/embedding/host.hpp"

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  using namespace relay;
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (given.size() != 5) return 2;
  relay::testing::host_config config;
  config.openssl_certificate = given[1];
  config.openssl_key = given[2];
  config.openssl_cafile = given[3];
  prepare_nodes(config, transport::tls);
  caf::actor_system system{config};
  attachment_options what;
  what.host = "127.0.0.1";
  what.port = static_cast<std::uint16_t>(std::stoul(given[0]));
  what.name = given[4];
  what.agent = system.spawn(relay::testing::host_agent, given[4]);
  const auto agent = what.agent;
  std::string error;
  auto attached = attach_agent(system, std::move(what), error);
  std::cout << (attached ? "attached" : error) << std::endl;
  for (std::string line; std::getline(std::cin, line);) continue;
  attached.reset();
  caf::anon_send_exit(agent, caf::exit_reason::user_shutdown);
  return 0;
}
