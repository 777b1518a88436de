// The embedding API (app/gateway.hpp): several gateways in one actor system of somebody else's, with agents
// of their own, against real sockets.
#include "relay_gateway/tests/embedding/host.hpp"

namespace relay::testing {
namespace {

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

TEST_F(embedding, OneAgentInTwoGatewaysKnowsWhoseEventItGot) {
  auto shared = new_agent("shared: ");
  auto a = options("gw-a", "discord"), b = options("gw-b", "telegram");
  a.agent = b.agent = shared;
  b.name = "the second one";
  auto first = start(std::move(a)), second = start(std::move(b));
  ASSERT_TRUE(peer->wait_count(connector::of_kind("handshake"), 2, 20s));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(converse("discord", "one"), (std::pair<std::string, std::string>{"shared: one", "bot-gw-a"}));
    EXPECT_EQ(converse("telegram", "two"), (std::pair<std::string, std::string>{"shared: two", "bot-gw-b"}));
  }
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
} // namespace relay::testing
