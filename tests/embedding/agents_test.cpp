// An embedded agent that dies is replaced: by the program's factory, or by set_agent().
#include "relay_gateway/tests/embedding/host.hpp"

#include <atomic>
#include <stdexcept>

namespace relay::testing {
namespace {

class embedded_agents : public embedding {
protected:
  void say_die() {
    auto said = peer->inject({.platform = "discord", .chat_id = "c2", .text = "die"});
    EXPECT_TRUE(said) << said.error;
  }
  static bool is_ready(const gateway_state& x) { return x.ready; }
  static bool lacks_agent(const gateway_state& x) {
    return !x.ready && x.connected && x.why.find("agent") != std::string::npos;
  }
};

TEST_F(embedded_agents, WithoutAnAgentTheGatewayIsNotReadyAndSaysSoUntilItGetsAnother) {
  auto a = start("gw-a", "discord");
  ASSERT_TRUE(log->wait_state(is_ready));
  a->set_agent({});
  ASSERT_TRUE(log->wait_state(lacks_agent)) << log->last().why;
  a->set_agent(new_agent("second: "));
  ASSERT_TRUE(log->wait_state(is_ready));
  EXPECT_EQ(converse("discord", "hi").first, "second: hi");
}

TEST_F(embedded_agents, TheNextAgentGetsWhatTheDeadOneLeft) {
  auto a = start("gw-a", "discord");
  ASSERT_TRUE(log->wait_state(is_ready));
  caf::anon_send_exit(agents.back(), caf::exit_reason::kill);
  ASSERT_TRUE(log->wait_state(lacks_agent)) << log->last().why;
  EXPECT_TRUE(log->wait_for("agent.lost"));
  auto mark = peer->mark();
  ASSERT_TRUE(peer->inject({.platform = "discord", .chat_id = "c1", .text = "anybody?"}));
  a->set_agent(new_agent("second: "));
  auto reply = peer->wait_for(connector::of_kind("outbound", "frame.platform", "discord"), 20s, mark);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->at("frame.action.content"), "second: anybody?");
}

TEST_F(embedded_agents, TheFactoryReplacesAnAgentThatDied) {
  auto what = options("gw-a", "discord");
  auto made = std::make_shared<std::atomic<int>>(0);
  what.make_agent = [made](caf::actor_system& in) -> agent_actor {
    return in.spawn(host_agent, std::to_string(++*made) + ": ");
  };
  auto a = start(std::move(what));
  ASSERT_TRUE(log->wait_state(is_ready));
  EXPECT_EQ(converse("discord", "hi").first, "1: hi");
  say_die();
  ASSERT_TRUE(log->wait_for("child.down"));
  ASSERT_TRUE(log->wait_state(is_ready));
  EXPECT_NE(converse("discord", "hi").first, "1: hi");
  EXPECT_GE(made->load(), 2);
}

TEST_F(embedded_agents, AFactoryThatFailsIsAskedAgain) {
  auto what = options("gw-a", "discord");
  auto asked = std::make_shared<std::atomic<int>>(0);
  what.make_agent = [asked](caf::actor_system& in) -> agent_actor {
    switch (++*asked) {
    case 1: throw std::runtime_error{"no model is loaded"};
    case 2: return {};
    default: return in.spawn(host_agent, "third: ");
    }
  };
  auto a = start(std::move(what));
  EXPECT_TRUE(log->wait_for("embedding.callback_failed"));
  EXPECT_TRUE(log->wait_for("agent.not_made"));
  ASSERT_TRUE(log->wait_state(is_ready));
  EXPECT_EQ(converse("discord", "hi").first, "third: hi");
}

TEST_F(embedded_agents, AGatewayThatMakesItsAgentsKeepsThem) {
  auto what = options("gw-a", "discord");
  what.settings.service.agent.kind = config::agent_kind::echo;
  auto a = start(std::move(what));
  a->set_agent(new_agent("intruder: "));
  EXPECT_TRUE(log->wait_for("agent.change_refused"));
  ASSERT_TRUE(log->wait_state(is_ready));
  EXPECT_EQ(converse("discord", "hi").first, "hi");
}

} // namespace
} // namespace relay::testing
