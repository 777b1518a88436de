// A program with a gateway inside, whose agent is an actor of its own. Usage: embedded CONNECTOR-URL; the
// token of whoever may provision is in RELAY_TOKEN. SIGINT or SIGTERM ends it.
#include "relay_gateway/app/gateway.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

struct agent_state {
  relay::agent_host host;
};

/// Answers each message.
relay::agent_actor::behavior_type agent(relay::agent_actor::stateful_pointer<agent_state> self) {
  return {
      [self](relay::agent_host& x) { self->state.host = std::move(x); },
      [](const relay::gateway_announcement&) {},
      [self](const relay::delivery& x) {
        const auto& event = *x.event;
        // An event that comes again gets the same request id, and so no second answer.
        relay::action_request answer;
        answer.request_id = answer.delivery_id = x.id;
        answer.act = relay::wire::send(event.source.chat_id, "You said: " + event.text);
        self->send(self->state.host.actions, std::move(answer));
        self->send(self->state.host.acks, relay::delivery_ack{x.id});
      },
      [](const relay::delivery_withdrawn&) {},
      [](const relay::action_outcome& x) {
        if (x.result.how != relay::outcome::done) std::cerr << "not sent: " << x.result.error << '\n';
      },
      [](const relay::turn_interrupt&) {},
      [](relay::atom::finish) {},
  };
}

} // namespace

int main(int argc, char** argv) {
  const auto* token = std::getenv("RELAY_TOKEN");
  if (argc != 2 || token == nullptr) {
    std::cerr << "usage: RELAY_TOKEN=... embedded CONNECTOR-URL\n";
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr); // before there are threads that would take them

  caf::actor_system_config config;
  relay::register_messages(config);
  caf::actor_system system{config};

  relay::gateway_options options;
  options.settings.relay.url = argv[1];
  options.settings.relay.gateway_id = "gw-embedded";
  options.settings.relay.identities = {{"discord", "123", ""}};
  options.settings.idp.access_token.value = relay::secret{token};
  options.agent = system.spawn(agent);
  options.on_state = [](const relay::gateway_state& x) {
    if (x.ready) std::cout << "ready" << std::endl;
  };
  std::string error;
  auto gateway = relay::gateway::start(system, std::move(options), error);
  if (!gateway) {
    std::cerr << error << '\n';
    return 1;
  }
  int signal = 0;
  sigwait(&ends, &signal);
  gateway->stop(); // drains
  return 0;
}
