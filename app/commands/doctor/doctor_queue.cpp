#include "relay_gateway/app/commands/doctor/doctor_queue.hpp"

#include "relay_gateway/app/queue/nats_port.hpp"
#include "relay_gateway/config/values/agent_choice.hpp"

namespace relay::commands {

findings check_queue(const config::settings& from) {
  const auto& agent = from.service.agent;
  const auto servers = agent.kind == config::agent_kind::nats ? agent.argument : from.nats.url;
  if (servers.empty()) return {};
  const auto shown = config::shown_agent({config::agent_kind::nats, servers});
  const auto why = queue::try_nats({servers, from.nats, from.service.tls});
  if (why.empty()) return {{"queue", verdict::fine, shown + " lets us in and has JetStream", {}}};
  return {{"queue", verdict::failed, shown + ": " + why,
           "check the servers of gateway.agent or gateway.nats.url, gateway.nats.user, .password, .token, "
           ".credentials_file and gateway.tls; start nats-server with JetStream (-js)"}};
}

} // namespace relay::commands
