// The agent link (agent-link.md): attached agents, spread, hand-over, bad frames.
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

#include <gmock/gmock.h>

namespace relay::testing {
namespace {

using agent_link = linked_test;
/// All that an agent talks to, in one.
using link_host_actor =
    delivery_sink_actor::extend_with<action_sink_actor>::extend_with<agent_registry_actor>;

TEST_F(agent_link, ReadyDeliveryAckActionResult) {
  start(with::link);
  handshake();
  env.link->last().say(event("discord", "c", "hello", "1", "b1"));
  settle();
  EXPECT_EQ(report().inbound.pending, 1U) << "nobody is attached: it waits";
  auto a = attach(1);
  ASSERT_EQ(of(a, "ready").size(), 1U);
  EXPECT_NE(of(a, "ready")[0].find(R"("gateway_id":"gw-test")"), std::string::npos);
  EXPECT_NE(of(a, "ready")[0].find(R"("platform":"telegram")"), std::string::npos);
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  auto in = of(a, "inbound")[0];
  EXPECT_EQ(field(in, "session_key"), "agent:main:discord:dm:c");
  EXPECT_NE(in.find(R"("redelivered":false)"), std::string::npos);
  EXPECT_TRUE(acked().empty());
  ack(a, in);
  EXPECT_EQ(acked().size(), 1U);
  say(a, R"({"type":"action","request_id":"q1","delivery_id":")" + field(in, "delivery_id") +
             R"(","action":{"op":"send","chat_id":"c","content":"hi"}})"
             "\n");
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(field(sent()[0], "platform"), "discord");
  answer_all();
  ASSERT_EQ(of(a, "result").size(), 1U);
  EXPECT_NE(of(a, "result")[0].find(R"("request_id":"q1")"), std::string::npos);
}

TEST_F(agent_link, BadLinesAreAnsweredAtARate) {
  start(with::link);
  handshake();
  auto a = attach(1);
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "x\n";
  say(a, lines);
  EXPECT_EQ(of(a, "error").size(), 100U);
  say(a, R"({"type":"action","request_id":"q","action":{"op":"nonsense"}})"
         "\n");
  EXPECT_EQ(of(a, "error").size(), 101U) << "whoever waits for a result is told";
  advance(1s);
  say(a, lines);
  EXPECT_EQ(of(a, "error").size(), 111U);
}

TEST_F(agent_link, AnAgentWhoseActionsWaitIsNotReadFrom) {
  start(with::link);
  handshake();
  auto a = attach(1);
  const auto ask = [&](int n) {
    return R"({"type":"action","request_id":"q)" + std::to_string(n) +
           R"(","platform":"discord","action":{"op":"send","chat_id":"c","content":")" +
           std::string(1'000'000, 'x') + "\"}}\n";
  };
  int asked = 0;
  while (a.socket->reading && asked < 100) say(a, ask(asked++));
  EXPECT_FALSE(a.socket->reading);
  EXPECT_LE(asked, 18) << "16 MiB";
  advance(31s); // what was never sent fails
  answer_all();
  advance(31s);
  EXPECT_TRUE(a.socket->reading);
}

// Seed 15470: an agent that spoke before the link knew whom to tell was never answered, nor who asked after
// it.
TEST_F(agent_link, WhatAnAgentSaysWhileTheGatewayStartsIsHeard) {
  link = sys.spawn(link_agent, env.all(), std::uint64_t{1000}, caf::strong_actor_ptr{});
  agent_handle = caf::actor_cast<agent_actor>(link); // ends with the test
  auto a = attach(1);
  say(a,
      R"({"type":"ack","delivery_id":"d-1"})"
      "\n"
      R"({"type":"action","request_id":"q1","platform":"discord","action":{"op":"send","chat_id":"c","content":"hi"}})"
      "\n");
  std::vector<std::string> received;
  auto host = sys.spawn([&received]() -> link_host_actor::behavior_type {
    return {
        [&](const delivery_ack& x) { received.push_back("ack " + x.delivery_id); },
        [](const delivery_returned&) {},
        [](const agent_presence&) {},
        [&](action_request& x) {
          received.push_back("action " + x.request_id.substr(0, x.request_id.find('\n')));
          return action_outcome{x.request_id, action_result::ambiguous("as the test says")};
        },
        [](const session_interrupt&) {},
        [](const agent_declaration&) {},
    };
  });
  caf::anon_send(agent_handle, agent_host{host, host, host});
  settle();
  EXPECT_THAT(received, ::testing::ElementsAre("ack d-1", "action q1"));
  ASSERT_EQ(of(a, "result").size(), 1U);
  caf::anon_send_exit(host, caf::exit_reason::kill);
}

TEST_F(agent_link, UnackedEventsOfAnAgentThatGoesMoveToAnother) {
  start(with::link);
  handshake();
  auto a = attach(1);
  env.link->last().say(event("discord", "c", "hello", "1"));
  settle();
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  auto b = attach(2);
  a.socket->end();
  settle();
  ASSERT_EQ(of(b, "inbound").size(), 1U);
  EXPECT_NE(of(b, "inbound")[0].find(R"("redelivered":true)"), std::string::npos);
}

TEST_F(agent_link, ChatsSpreadAndStick) {
  start(with::link);
  handshake();
  auto a = attach(1);
  auto b = attach(2);
  for (int round = 0; round < 3; ++round)
    for (int chat = 0; chat < 10; ++chat) {
      env.link->last().say(
          event("discord", "c" + std::to_string(chat), "x", std::to_string(round * 100 + chat)));
      settle();
      for (auto* x : {&a, &b})
        for (auto all = of(*x, "inbound"); x->seen < all.size(); ++x->seen) ack(*x, all[x->seen]);
    }
  EXPECT_EQ(of(a, "inbound").size(), 15U);
  EXPECT_EQ(of(b, "inbound").size(), 15U);
}

TEST_F(agent_link, BadFramesAreAnsweredAndTheLinkLivesOn) {
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a, "nonsense\n{\"type\":\"action\",\"request_id\":\"q\",\"action\":{\"op\":\"send\"}}\n");
  EXPECT_EQ(of(a, "error").size(), 2U);
  EXPECT_NE(of(a, "error")[1].find(R"("request_id":"q")"), std::string::npos);
  EXPECT_FALSE(a.socket->over);
}

TEST_F(agent_link, EventThatIsNeverAckedIsRepeatedThenSetAside) {
  settings.limits.agent_ack_timeout = 10s;
  settings.limits.agent_max_deliveries = 3;
  start(with::link);
  handshake();
  auto a = attach(1);
  env.link->last().say(event("discord", "c", "poison", "1", "b1") + event("discord", "c", "next", "2"));
  settle();
  advance(35s);
  auto got = of(a, "inbound");
  ASSERT_EQ(got.size(), 4U) << "three times the poison, then the next one";
  EXPECT_NE(got[1].find(R"("redelivered":true)"), std::string::npos);
  EXPECT_NE(got[3].find("next"), std::string::npos);
  EXPECT_EQ(acked().size(), 1U) << "a terminal decision is an ack";
  EXPECT_EQ(report().inbound.dead_letters, 1U);
}

TEST_F(agent_link, DeathOfTheRouterTellsTheAgentThatItsOutcomesAreUnknown) {
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a,
      R"({"type":"action","request_id":"q1","platform":"discord","action":{"op":"send","chat_id":"c","content":"hi"}})"
      "\n");
  kill("egress-router");
  ASSERT_EQ(of(a, "result").size(), 1U);
  EXPECT_NE(of(a, "result")[0].find(R"("ambiguous":true)"), std::string::npos);
}

TEST_F(agent_link, ANewRouterKnowsTheTurnsOfAnAgentThatComesBackToThem) {
  start(with::link);
  handshake();
  auto a = attach(1);
  env.link->last().say(event("discord", "first", "1", "hello", "b1") +
                       event("discord", "c", "1", "hello", "b2"));
  settle();
  const auto delivery = field(of(a, "inbound").at(1), "delivery_id");
  a.socket->end();
  settle();
  kill("egress-router");
  auto b = attach(2);
  EXPECT_EQ(of(b, "inbound").size(), 1U) << "both are suspects, given out one at a time";
  say(b, R"({"type":"action","request_id":"q1","delivery_id":")" + delivery +
             R"(","action":{"op":"send","chat_id":"c","content":"hi"}})"
             "\n");
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_NE(sent()[0].find(R"("platform":"discord")"), std::string::npos) << sent()[0];
}

class drafts_of_agents : public agent_link {
protected:
  void begin() {
    start(with::link);
    connect();
  }
  void connect() {
    env.link->last().accept();
    settle();
    env.link->last().say(
        R"({"type":"descriptor","descriptor":{"platform":"telegram","supports_draft_streaming":true,"supported_ops":["send","draft"]}})"
        "\n");
    settle();
  }
  template <class Agent>
  void draft(Agent& who, const std::string& id) {
    say(who, R"({"type":"action","request_id":")" + id +
                 R"(","platform":"telegram","action":{"op":"draft","chat_id":"c","draft_id":7,)"
                 R"("content":"half a","final":false}})"
                 "\n");
  }
  template <class Agent>
  void goes(Agent& who) {
    who.socket->end();
    settle();
    answer_all();
  }
};

TEST_F(drafts_of_agents, F63_DraftsOfAnAgentThatGoesAreSealedInPlace) {
  begin();
  auto a = attach(1);
  draft(a, "1");
  answer_all();
  ASSERT_EQ(sent().size(), 1U);
  goes(a);
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_EQ(field(sent()[1], "content"), "half a");
  EXPECT_NE(sent()[1].find(R"("final":true)"), std::string::npos);
}

// replay-storm.json, seed 3223: each crash of an agent that asked the same again sealed the same draft again.
TEST_F(drafts_of_agents, OneThatWasSealedForItsAgentIsNotOpenedByARepeat) {
  begin();
  for (std::uint64_t peer = 1; peer < 4; ++peer) {
    auto a = attach(peer);
    draft(a, "1");
    answer_all();
    goes(a);
  }
  EXPECT_EQ(sent().size(), 2U) << "the draft and its seal";
  auto b = attach(4);
  draft(b, "2"); // another state of it is no repeat
  answer_all();
  goes(b);
  EXPECT_EQ(sent().size(), 4U);
}

TEST_F(drafts_of_agents, OneOfANamedAgentIsSealedOnceAsWell) {
  begin();
  for (std::uint64_t peer = 1; peer < 4; ++peer) {
    auto a = attach(peer);
    say(a, "{\"type\":\"hello\",\"name\":\"agent\"}\n");
    draft(a, "1");
    answer_all();
    goes(a);
  }
  EXPECT_EQ(sent().size(), 2U) << "the draft and its seal";
}

TEST_F(drafts_of_agents, TheOutcomeOfASealIsNobodysElse) {
  begin();
  auto a = attach(1);
  auto b = attach(2);
  say(a, R"({"type":"action","platform":"telegram","action":{"op":"send","chat_id":"d","content":"of a"}})"
         "\n");
  say(b, R"({"type":"action","platform":"telegram","action":{"op":"draft","chat_id":"c","draft_id":7,)"
         R"("content":"half","final":false}})"
         "\n");
  const auto answer = [this](std::size_t frame) {
    env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent()[frame], "requestId") +
                         R"(","result":{"success":true,"message_id":"m"}})"
                         "\n");
    settle();
  };
  ASSERT_EQ(sent().size(), 2U);
  answer(1);
  ASSERT_EQ(of(b, "result").size(), 1U);
  b.socket->end();
  settle();
  ASSERT_EQ(sent().size(), 3U) << "its seal";
  answer(2);
  EXPECT_EQ(of(a, "result").size(), 0U);
  answer(0);
  EXPECT_EQ(of(a, "result").size(), 1U);
}

TEST_F(drafts_of_agents, WhatWasRefusedMayBeOpenedByARepeat) {
  settings.limits.max_pending = 1;
  start(with::link);
  auto a = attach(1);
  say(a,
      R"({"type":"action","request_id":"0","platform":"telegram","action":{"op":"send","chat_id":"d","content":"x"}})"
      "\n");
  draft(a, "1"); // too many are pending: it may be asked again
  ASSERT_EQ(of(a, "result").size(), 1U);
  a.socket->end();
  settle();
  connect();
  answer_all();
  answer_all();
  auto before = sent().size();
  auto b = attach(2);
  draft(b, "1");
  answer_all();
  goes(b);
  ASSERT_EQ(sent().size(), before + 2);
  EXPECT_NE(sent().back().find(R"("final":true)"), std::string::npos);
}

TEST_F(agent_link, InterruptGoesToTheAgentOfTheSessionAndAnUnknownOneIsCounted) {
  start(with::link);
  handshake();
  auto a = attach(1);
  auto b = attach(2);
  env.link->last().say(event("discord", "1", "x", "1") + event("discord", "2", "x", "2"));
  settle();
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  ASSERT_EQ(of(b, "inbound").size(), 1U);
  auto before = env.link->last().written.size();
  env.link->last().say(R"({"type":"interrupt_inbound","session_key":")" +
                       field(of(b, "inbound")[0], "session_key") + "\",\"chat_id\":\"2\"}\n");
  settle();
  EXPECT_EQ(of(a, "interrupt").size(), 0U);
  EXPECT_EQ(of(b, "interrupt").size(), 1U);
  env.link->last().say("{\"type\":\"interrupt_inbound\",\"session_key\":\"nobody's\",\"chat_id\":\"9\"}\n");
  settle();
  EXPECT_EQ(env.metrics->get("interrupts_unknown_total"), 1U);
  EXPECT_EQ(env.link->last().written.size(), before) << "nothing is answered";
}

TEST_F(agent_link, AnInterruptOfAnOlderConnectorMeansTheNewestSessionOfItsChat) {
  start(with::link);
  handshake();
  auto a = attach(1);
  env.link->last().say(
      R"({"type":"inbound","event":{"text":"x","message_id":"171.1","source":{"platform":"slack",)"
      R"("chat_id":"D1","chat_type":"dm","scope_id":"W","user_id":"u"}}})"
      "\n");
  settle();
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  env.link->last().say(R"({"type":"interrupt_inbound","session_key":"agent:main:slack:dm:D1","chat_id":"D1"})"
                       "\n");
  settle();
  ASSERT_EQ(of(a, "interrupt").size(), 1U);
  EXPECT_EQ(field(of(a, "interrupt")[0], "session_key"), "agent:main:slack:dm:W:D1:171.1");
  EXPECT_EQ(env.metrics->get("interrupts_unknown_total"), 0U);
}

TEST_F(agent_link, AFullInboxLeavesRoomToInterruptAnAgentAtWork) {
  settings.limits.max_pending = 4;
  start(with::link);
  handshake();
  auto more = [&, n = 0](int count) mutable {
    for (; count > 0; --count, ++n)
      env.link->last().say(event("discord", "c" + std::to_string(n % 3), "x", std::to_string(n)));
    settle();
    return env.link->last().reading;
  };
  EXPECT_TRUE(more(3));
  EXPECT_FALSE(more(1)) << "nobody is at work yet, and no result is awaited";
  auto a = attach(1);
  EXPECT_TRUE(env.link->last().reading);
  EXPECT_TRUE(more(3));
  env.link->last().say(R"({"type":"interrupt_inbound","session_key":")" +
                       field(of(a, "inbound")[0], "session_key") + "\",\"chat_id\":\"c0\"}\n");
  settle();
  EXPECT_EQ(of(a, "interrupt").size(), 1U);
  EXPECT_FALSE(more(1)) << "but no further than twice the bound";
}

TEST_F(agent_link, OneEventAtWorkIsEnoughForThat) {
  settings.limits.max_pending = 2;
  start(with::link);
  handshake();
  auto a = attach(1);
  for (const auto* id : {"1", "2", "3"}) env.link->last().say(event("discord", "c", "x", id));
  settle();
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  EXPECT_TRUE(env.link->last().reading);
  env.link->last().say(event("discord", "c", "x", "4"));
  settle();
  EXPECT_FALSE(env.link->last().reading);
}

TEST_F(agent_link, InterruptsReachTheAgentsAndDrainingIsTold) {
  start(with::link);
  handshake();
  auto a = attach(1);
  env.link->last().say("{\"type\":\"interrupt_inbound\",\"session_key\":\"s\",\"chat_id\":\"c\"}\n");
  settle();
  EXPECT_EQ(of(a, "interrupt").size(), 1U);
  caf::anon_send(root, command::drain);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_EQ(of(a, "draining").size(), 1U);
}

} // namespace
} // namespace relay::testing
