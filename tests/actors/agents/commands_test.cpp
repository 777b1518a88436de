// The command manifest on the Discord hello (protocol.md 3): the operator's commands and the agents'.
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

namespace relay::testing {
namespace {

class commands : public linked_test {
protected:
  commands() { settings.service.commands = {{"help", "The operator's help", {}}, {"stop", "Stop", {}}}; }
  /// The hellos of the newest dial for a platform.
  std::vector<std::string> hellos(const std::string& platform) {
    std::vector<std::string> out;
    for (auto& x : env.link->last().written)
      if (x.find(R"("type":"hello","platform":")" + platform) != std::string::npos) out.push_back(x);
    return out;
  }
  static std::string command(const std::string& name, const std::string& text) {
    return R"({"name":")" + name + R"(","description":")" + text + "\"}";
  }
  static std::string hello(const std::string& list) {
    return R"({"type":"hello","commands":[)" + list + "]}\n";
  }
  static std::string manifest(const std::string& list) { return "\"command_manifest\":[" + list + "]}\n"; }
  const std::string configured = command("help", "The operator's help") + "," + command("stop", "Stop");
};

TEST_F(commands, StandOnTheDiscordHelloOnly) {
  start();
  handshake();
  ASSERT_EQ(hellos("discord").size(), 1U);
  EXPECT_TRUE(hellos("discord")[0].ends_with(manifest(configured))) << hellos("discord")[0];
  EXPECT_EQ(hellos("telegram")[0], "{\"type\":\"hello\",\"platform\":\"telegram\",\"botId\":\"bot-2\"}\n");
}

TEST_F(commands, WhatAnAgentDeclaresIsSaidOnTheLiveSocketAndAgainOnARedial) {
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a, hello(command("ask", "Ask") + "," + command("stop", "The agent's stop")));
  ASSERT_EQ(hellos("discord").size(), 2U);
  auto wanted = manifest(command("help", "The operator's help") + "," + command("stop", "The agent's stop") +
                         "," + command("ask", "Ask"));
  EXPECT_TRUE(hellos("discord")[1].ends_with(wanted)) << hellos("discord")[1];
  EXPECT_EQ(hellos("telegram").size(), 1U);
  say(a, hello(command("ask", "Ask") + "," + command("stop", "The agent's stop")));
  EXPECT_EQ(hellos("discord").size(), 2U) << "nothing changed";
  EXPECT_TRUE(of(a, "error").empty());
  env.link->last().end();
  advance(2s);
  env.link->last().accept();
  settle();
  ASSERT_EQ(hellos("discord").size(), 1U);
  EXPECT_TRUE(hellos("discord")[0].ends_with(wanted));
}

TEST_F(commands, BadOnesAreAnsweredWithAnErrorAndTheRestCounts) {
  settings.service.commands.clear();
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a, hello(command("Not Good", "d") + "," + command("good", "d")));
  ASSERT_EQ(of(a, "error").size(), 1U);
  EXPECT_NE(of(a, "error")[0].find("commands[0]: name must be"), std::string::npos);
  ASSERT_EQ(hellos("discord").size(), 2U);
  EXPECT_TRUE(hellos("discord")[1].ends_with(manifest(command("good", "d"))));
  EXPECT_FALSE(a.socket->over);
}

TEST_F(commands, AFirstFrameOfAnotherKindMayCarryThem) {
  settings.service.commands.clear();
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a, R"({"type":"interrupt","session_key":"s","commands":[)" + command("ask", "Ask") + "]}\n");
  ASSERT_EQ(hellos("discord").size(), 2U);
  auto& out = env.link->last().written;
  EXPECT_EQ(
      std::count(out.begin(), out.end(), "{\"type\":\"interrupt\",\"session_key\":\"s\",\"reason\":null}\n"),
      1);
  say(a, R"({"type":"interrupt","session_key":"s","commands":[)" + command("late", "Late") + "]}\n");
  EXPECT_EQ(hellos("discord").size(), 2U) << "only the first frame is looked at like this";
}

TEST_F(commands, AnAgentThatRestartsDoesNotMakeThemFlap) {
  settings.service.commands.clear();
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a, hello(command("ask", "Ask")));
  a.socket->end();
  settle();
  auto b = attach(2);
  say(b, hello(command("ask", "Ask")));
  EXPECT_EQ(hellos("discord").size(), 2U);
  b.socket->end();
  settle();
  auto c = attach(3);
  say(c, R"({"type":"ack","delivery_id":"none"})"
         "\n");
  ASSERT_EQ(hellos("discord").size(), 3U) << "this one has none";
  EXPECT_EQ(hellos("discord")[2].find("command_manifest"), std::string::npos);
}

TEST_F(commands, OfSeveralAgentsTheNewerOneWinsAndTheirsGoWithThem) {
  settings.service.commands.clear();
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a, hello(command("ask", "first")));
  auto b = attach(2);
  say(b, hello(command("ask", "second")));
  EXPECT_TRUE(hellos("discord").back().ends_with(manifest(command("ask", "second"))));
  b.socket->end();
  settle();
  EXPECT_TRUE(hellos("discord").back().ends_with(manifest(command("ask", "first"))));
}

TEST_F(commands, AreReloaded) {
  start();
  handshake();
  settings.service.commands = {{"fresh", "New", {}}};
  caf::anon_send(root, std::make_shared<const config::settings>(settings));
  settle();
  ASSERT_EQ(hellos("discord").size(), 2U);
  EXPECT_TRUE(hellos("discord")[1].ends_with(manifest(command("fresh", "New"))));
  EXPECT_EQ(env.link->dials.size(), 1U) << "the live socket stays";
}

TEST_F(commands, AnEmbeddersAgentDeclaresThemToo) {
  settings.service.commands.clear();
  start(with::scripted);
  caf::send_as(agent_handle, agent->host.registry, agent_declaration{{{"ask", "Ask", {}}}});
  settle();
  handshake();
  ASSERT_EQ(hellos("discord").size(), 1U);
  EXPECT_TRUE(hellos("discord")[0].ends_with(manifest(command("ask", "Ask"))));
}

} // namespace
} // namespace relay::testing
