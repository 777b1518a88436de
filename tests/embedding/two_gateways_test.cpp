// The embedding API (app/gateway.hpp): several gateways in one actor system of somebody else's, with agents
// of their own, against real sockets.
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/gateway.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/stateful_actor.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace relay {
namespace {

using namespace std::chrono_literals;

/// The host application's configuration: its own types would be registered here, too.
struct host_config : caf::actor_system_config {
  host_config() {
    register_messages(*this);
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
  }
};

struct host_agent_state {
  static inline const char* name = "host-agent";
  agent_host host;
};
/// What an embedding program writes: an agent that answers with its own name in front.
agent_actor::behavior_type host_agent(agent_actor::stateful_pointer<host_agent_state> self,
                                      std::string signature) {
  auto* s = &self->state;
  return {
      [s](agent_host& x) { s->host = std::move(x); },
      [](const gateway_announcement&) {},
      [self, s, signature](const delivery& x) {
        tell(self, s->host.actions,
             action_request{x.id, {}, x.id, wire::send(x.event->source.chat_id, signature + x.event->text)});
        tell(self, s->host.acks, delivery_ack{x.id});
      },
      [](const delivery_withdrawn&) {},
      [](const action_outcome&) {},
      [](const turn_interrupt&) {},
      [](atom::finish) {},
  };
}

class embedding : public ::testing::Test {
protected:
  host_config cfg;
  caf::actor_system system{cfg};
  net::io_thread connector_io;
  std::unique_ptr<connector::stand_in> peer;
  std::vector<agent_actor> agents;

  void SetUp() override {
    std::string error;
    peer = connector::start(connector_io.context(), {}, error);
    ASSERT_TRUE(peer) << error;
  }
  void TearDown() override {
    for (auto& x : agents) caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    agents.clear();
    peer.reset();
  }
  std::unique_ptr<gateway> start(const std::string& id, const std::string& platform) {
    auto key = secret{"key-of-" + id};
    peer->add_gateway(id, key);
    gateway_options what;
    what.settings.relay.url = peer->base_url();
    what.settings.relay.identities = {{platform, "bot-" + id, ""}};
    what.settings.relay.gateway_id = id;
    what.settings.relay.gateway_secret = key;
    agents.push_back(system.spawn(host_agent, id + ": "));
    what.agent = agents.back();
    std::string error;
    auto out = gateway::start(system, std::move(what), error);
    EXPECT_TRUE(out) << error;
    return out;
  }
  /// Says something to `platform` and gives the answer's text and bot.
  std::pair<std::string, std::string> converse(const std::string& platform, const std::string& text) {
    auto mark = peer->mark();
    auto said = peer->inject({.platform = platform, .chat_id = "c1", .text = text});
    EXPECT_TRUE(said) << said.error;
    auto reply = peer->wait_for(connector::of_kind("outbound", "frame.platform", platform), 20s, mark);
    if (!reply) return {};
    return {reply->at("frame.action.content"), reply->at("frame.botId")};
  }
};

TEST_F(embedding, TwoGatewaysInOneSystemAndOneStopsWhileTheOtherServes) {
  auto a = start("gw-a", "discord");
  auto b = start("gw-b", "telegram");
  ASSERT_TRUE(peer->wait_count(connector::of_kind("handshake"), 2, 20s));
  EXPECT_EQ(converse("discord", "one"), (std::pair<std::string, std::string>{"gw-a: one", "bot-gw-a"}));
  EXPECT_EQ(converse("telegram", "two"), (std::pair<std::string, std::string>{"gw-b: two", "bot-gw-b"}));
  a->stop();
  a.reset();
  EXPECT_EQ(converse("telegram", "three"), (std::pair<std::string, std::string>{"gw-b: three", "bot-gw-b"}));
  b->stop();
}

TEST_F(embedding, DestroyingAGatewayWithoutAStopLeavesNothingBehind) {
  auto a = start("gw-a", "discord");
  ASSERT_TRUE(peer->wait_for(connector::of_kind("handshake"), 20s));
  a.reset();
  EXPECT_TRUE(peer->wait_for(connector::of_kind("closed"), 20s)) << "its socket goes with it";
}

TEST_F(embedding, ManyStartsAndStops) {
  for (int i = 0; i < 20; ++i) {
    auto mark = peer->mark();
    auto a = start("gw-" + std::to_string(i), "discord");
    ASSERT_TRUE(peer->wait_for(connector::of_kind("handshake"), 20s, mark));
    a->stop();
  }
}

TEST_F(embedding, AnAgentKindThatIsNotBuiltInIsAClearError) {
  gateway_options what;
  what.settings.service.agent.kind = config::agent_kind::nats;
  std::string error;
  EXPECT_FALSE(gateway::start(system, std::move(what), error));
  EXPECT_NE(error.find("agent"), std::string::npos);
}

} // namespace
} // namespace relay
