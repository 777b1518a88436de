// Agents on other nodes: what they get, what they say, and what becomes of it when either side goes.
#include "relay_gateway/app/nodes/node_messages.hpp"
#include "relay_gateway/tests/nodes/cluster.hpp"

#include <caf/openssl/all.hpp>
#include <caf/scoped_actor.hpp>
#include <gmock/gmock.h>

namespace relay::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(cluster, AnAgentOfAnotherNodeAnswersAsIfItWereHere) {
  begin();
  agent_node far{"far: ", &ca};
  ASSERT_EQ(far.attach(hub->port()), "");
  ASSERT_TRUE(log->wait_state([](auto& x) { return x.ready; }));
  EXPECT_EQ(converse("discord", "hi").first, "far: hi");
  EXPECT_EQ(converse("discord", "and again").first, "far: and again");
}

TEST_F(cluster, WithoutTlsItWorksAsWell) {
  begin(transport::plain);
  agent_node far{"far: ", nullptr, transport::plain};
  ASSERT_EQ(far.attach(hub->port()), "");
  EXPECT_EQ(converse("discord", "hi").first, "far: hi");
}

TEST_F(cluster, WhatADetachedAgentLeavesGoesToTheNextOne) {
  begin();
  agent_node first{"first: ", &ca};
  ASSERT_EQ(first.attach(hub->port()), "");
  EXPECT_EQ(converse("discord", "hi").first, "first: hi");
  first.detach();
  ASSERT_TRUE(log->wait_for("agent.detached"));
  const auto mark = peer->mark();
  say("c1", "anybody?");
  agent_node second{"second: ", &ca};
  ASSERT_EQ(second.attach(hub->port()), "");
  EXPECT_EQ(next_reply(mark), "second: anybody?");
}

TEST_F(cluster, AnAgentThatDiesEndsItsAttachment) {
  begin();
  agent_node far{"far: ", &ca};
  ASSERT_EQ(far.attach(hub->port()), "");
  caf::anon_send_exit(far.agent(), caf::exit_reason::kill);
  ASSERT_TRUE(log->wait_for("agent.detached"));
  const auto mark = peer->mark();
  agent_node second{"second: ", &ca};
  ASSERT_EQ(second.attach(hub->port()), "");
  say("c3", "hi");
  EXPECT_EQ(next_reply(mark), "second: hi");
}

TEST_F(cluster, AHubThatComesBackIsFoundAgain) {
  begin();
  agent_node far{"far: ", &ca};
  ASSERT_EQ(far.attach(hub->port()), "");
  const auto port = hub->port();
  hub.reset();
  ASSERT_TRUE(log->wait_for("agent.detached"));
  publication_options what;
  what.port = port;
  std::string error;
  hub = publish_agents(*node, *relay, what, error);
  ASSERT_TRUE(hub) << error;
  const auto mark = peer->mark();
  say("c1", "still there?");
  EXPECT_EQ(next_reply(mark), "far: still there?");
}

TEST_F(cluster, ACertificateOfAnotherAuthorityIsRefused) {
  begin();
  net_test::authority other;
  agent_node stranger{"stranger: ", &other};
  EXPECT_THAT(stranger.attach(hub->port()), HasSubstr("no gateway answers at 127.0.0.1:"));
}

TEST_F(cluster, WithoutACertificateNothingIsPublished) {
  begin();
  node_config bare{nullptr};
  caf::actor_system system_of{bare};
  std::string error;
  EXPECT_FALSE(publish_agents(system_of, *relay, {}, error));
  EXPECT_THAT(error, HasSubstr("openssl_cafile"));
}

TEST_F(cluster, ASystemThatWouldNotNoticeFrozenNodesIsRefused) {
  begin();
  node_config deaf{&ca};
  deaf.set("middleman.connection-timeout", caf::timespan{0});
  caf::actor_system system_of{deaf};
  std::string error;
  EXPECT_FALSE(publish_agents(system_of, *relay, {}, error));
  EXPECT_THAT(error, HasSubstr("middleman.connection-timeout"));
  EXPECT_FALSE(publish_agents(system, *relay, {}, error));
  EXPECT_THAT(error, HasSubstr("prepare_nodes"));
}

TEST_F(cluster, AnotherProtocolIsRefusedByItsNumber) {
  begin();
  node_config cfg_of{&ca};
  caf::actor_system far{cfg_of};
  auto found = caf::openssl::remote_actor<node_hub_actor>(far, "127.0.0.1", hub->port());
  ASSERT_TRUE(found);
  caf::scoped_actor self{far};
  std::string why;
  self->request(*found, 10s, node_protocol + 1, std::string{"new"},
                caf::actor_cast<caf::strong_actor_ptr>(self))
      .receive([&](std::uint32_t, std::string& x, const caf::strong_actor_ptr&) { why = x; },
               [&](const caf::error& x) { why = far.render(x); });
  EXPECT_EQ(why, "the node speaks protocol 2, this gateway 1");
}

TEST_F(cluster, WhatIsPublishedElsewhereIsNoGateway) {
  begin();
  const auto else_agent = node->spawn(host_agent, "x");
  auto other = caf::openssl::publish(else_agent, 0, "127.0.0.1");
  ASSERT_TRUE(other) << node->render(other.error());
  agent_node far{"far: ", &ca};
  EXPECT_THAT(far.attach(*other), HasSubstr("no gateway that takes agents"));
  caf::anon_send_exit(else_agent, caf::exit_reason::user_shutdown);
}

TEST_F(cluster, AGatewayWithAnotherAgentRefusesNodes) {
  node_cfg = std::make_unique<node_config>(&ca);
  node = std::make_unique<caf::actor_system>(*node_cfg);
  auto what = options("gw", "discord");
  what.settings.service.agent.kind = config::agent_kind::echo;
  std::string error;
  relay = gateway::start(*node, std::move(what), error);
  ASSERT_TRUE(relay) << error;
  publish();
  agent_node far{"far: ", &ca};
  EXPECT_EQ(far.attach(hub->port()), "the gateway refuses: the agent of this gateway is not `link`");
}

} // namespace
} // namespace relay::testing
