// The main job: from an event to a reply with the right platform, bot and tenant.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class conversation : public gateway_test {};

TEST_F(conversation, PinnedCredentialsDialAtOnceWithATokenAndSayHelloInOrder) {
  start();
  ASSERT_EQ(env.link->dials.size(), 1U);
  EXPECT_EQ(env.link->last().request.url, "wss://connector.example/relay");
  EXPECT_FALSE(env.link->last().request.bearer.empty());
  EXPECT_TRUE(env.http->calls.empty()) << "pinned: nobody provisions";
  env.link->last().accept();
  settle();
  ASSERT_EQ(env.link->last().written.size(), 2U);
  EXPECT_EQ(env.link->last().written[0],
            "{\"type\":\"hello\",\"platform\":\"discord\",\"botId\":\"app-1\"}\n");
  EXPECT_EQ(env.link->last().written[1],
            "{\"type\":\"hello\",\"platform\":\"telegram\",\"botId\":\"bot-2\"}\n");
  EXPECT_EQ(phase(), link_phase::connecting);
  env.link->last().say(descriptor_line("discord"));
  settle();
  EXPECT_EQ(phase(), link_phase::connected);
  EXPECT_TRUE(report().ready);
}

TEST_F(conversation, F40_SameChatIdOnTwoPlatformsIsAnsweredOnEach) {
  start();
  handshake();
  env.link->last().say(event("discord", "42", "hi d", "1") + event("telegram", "42", "hi t", "1"));
  settle();
  auto out = sent();
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(field(out[0], "platform"), "discord");
  EXPECT_EQ(field(out[0], "botId"), "app-1");
  EXPECT_EQ(field(out[0], "content"), "hi d");
  EXPECT_EQ(field(out[1], "platform"), "telegram");
  EXPECT_EQ(field(out[1], "botId"), "bot-2");
  EXPECT_EQ(field(out[1], "content"), "hi t");
}

TEST_F(conversation, F35_DirectMessageReplyCarriesItsAuthor) {
  start();
  handshake();
  env.link->last().say(event("telegram", "7", "hi", "1"));
  settle();
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_NE(sent()[0].find(R"("metadata":{"user_id":"u-7"})"), std::string::npos) << sent()[0];
}

TEST_F(conversation, F36_GuildReplyCarriesScopeAndAuthor) {
  start();
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", {}, R"(,"scope_id":"g1")"));
  settle();
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_NE(sent()[0].find(R"("scope_id":"g1")"), std::string::npos);
  EXPECT_NE(sent()[0].find(R"("guild_id":"g1")"), std::string::npos);
  EXPECT_NE(sent()[0].find(R"("user_id":"u-c")"), std::string::npos);
}

TEST_F(conversation, F41_ReplyBindsToItsTurnNotToTheLastSpeaker) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "one", "1", {}, R"(,"scope_id":"g1")"));
  settle();
  // Somebody else speaks in the same chat before the first turn is answered.
  env.link->last().say(
      R"({"type":"inbound","event":{"text":"two","source":{"platform":"discord","chat_id":"c","chat_type":"group","user_id":"other","scope_id":"g1"},"message_id":"2"}})"
      "\n");
  settle();
  ASSERT_EQ(agent->deliveries.size(), 2U);
  ask({"r1", {}, agent->deliveries[0].id, wire::send("c", "late answer")});
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_NE(sent()[0].find(R"("user_id":"u-c")"), std::string::npos) << sent()[0];
}

TEST_F(conversation, F38_LimitsAreThoseOfTheDestination) {
  start(with::scripted);
  handshake(); // discord 2000, telegram 4096
  env.link->last().say(event("discord", "d", "x", "1") + event("telegram", "t", "x", "1"));
  settle();
  std::string text(3000, 'a');
  ask({"r1", {}, agent->deliveries[0].id, wire::send("d", text)});
  ask({"r2", {}, agent->deliveries[1].id, wire::send("t", text)});
  ASSERT_EQ(sent().size(), 2U) << "the second piece waits for the first one's result";
  answer_all();
  ASSERT_EQ(sent().size(), 3U);
  EXPECT_EQ(field(sent()[0], "content").size(), 2000U);
  EXPECT_EQ(field(sent()[1], "content").size(), 3000U);
  ASSERT_EQ(agent->outcomes.size(), 2U);
  for (auto& x : agent->outcomes)
    if (x.request_id == "r1") {
      EXPECT_EQ(x.result.message_ids.size(), 2U);
    }
}

TEST_F(conversation, F39_UnknownPlatformIsAStructuredFailure) {
  start(with::scripted);
  handshake();
  ask({"r1", "slack", {}, wire::send("c", "x")});
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::definite);
  EXPECT_EQ(agent->outcomes[0].result.code, "unknown_platform");
  EXPECT_TRUE(sent().empty());
}

TEST_F(conversation, F74_UnknownChatGoesUntaggedAndIsCounted) {
  start(with::scripted);
  handshake();
  ask({"r1", {}, {}, wire::send("never-seen", "x")});
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(sent()[0].find("platform"), std::string::npos);
  EXPECT_EQ(env.metrics->get("actions_untagged_total"), 1U);
}

TEST_F(conversation, OrderWithinAChatIsStrictAndChatsDoNotWaitForEachOther) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "a", "x", "1") + event("discord", "b", "x", "1"));
  settle();
  ask({"1", {}, agent->deliveries[0].id, wire::send("a", "first")});
  ask({"2", {}, agent->deliveries[0].id, wire::send("a", "second")});
  ask({"3", {}, agent->deliveries[1].id, wire::send("b", "other")});
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_EQ(field(sent()[0], "content"), "first");
  EXPECT_EQ(field(sent()[1], "content"), "other");
  answer_all();
  ASSERT_EQ(sent().size(), 3U);
  EXPECT_EQ(field(sent()[2], "content"), "second");
  EXPECT_EQ(agent->outcomes.size(), 3U);
}

TEST_F(conversation, SameRequestIdAgainReturnsTheRecordAndSendsNothing) {
  start(with::scripted);
  handshake();
  ask({"r1", "discord", {}, wire::send("a", "x")});
  ask({"r1", "discord", {}, wire::send("a", "x")});
  answer_all();
  ask({"r1", "discord", {}, wire::send("a", "x")});
  EXPECT_EQ(sent().size(), 1U);
  ASSERT_EQ(agent->outcomes.size(), 3U);
  for (auto& x : agent->outcomes) EXPECT_EQ(x.result.message_id, "m0");
}

TEST_F(conversation, F22_RepeatsNeverReachTheAgentAndAcksFollowTheAgents) {
  start(with::scripted);
  agent->ack = false;
  handshake();
  env.link->last().say(event("discord", "a", "x", "1", "b1") + event("discord", "a", "x", "1", "b1"));
  settle();
  EXPECT_EQ(agent->deliveries.size(), 1U);
  EXPECT_TRUE(acked().empty()) << "nobody has it yet";
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[0].id});
  settle();
  EXPECT_EQ(acked().size(), 1U);
  env.link->last().say(event("discord", "a", "changed", "1", "b1"));
  settle();
  EXPECT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(acked().size(), 2U) << "a repeat of what is settled is acked at once";
}

TEST_F(conversation, InterruptsGoBothWays) {
  start(with::scripted);
  handshake();
  env.link->last().say("{\"type\":\"interrupt_inbound\",\"session_key\":\"s\",\"chat_id\":\"c\"}\n");
  settle();
  ASSERT_EQ(agent->interrupts.size(), 1U);
  EXPECT_EQ(agent->interrupts[0].session_key, "s");
  caf::send_as(agent_handle, agent->host.actions, session_interrupt{"s2", "enough", true});
  settle();
  EXPECT_EQ(env.link->last().written.back(),
            "{\"type\":\"interrupt\",\"session_key\":\"s2\",\"reason\":\"enough\"}\n");
}

TEST_F(conversation, F20_InterruptWithoutALinkIsDroppedAndCounted) {
  start(with::scripted);
  caf::send_as(agent_handle, agent->host.actions, session_interrupt{"s2", {}, false});
  settle();
  EXPECT_EQ(env.metrics->get("interrupts_sent_total{dropped}"), 1U);
}

// The router hears of the end a moment after the connection.
TEST_F(conversation, AnInterruptThatCrossesTheEndOfTheLinkIsDropped) {
  start(with::scripted);
  handshake();
  env.link->last().end();
  caf::send_as(agent_handle, agent->host.actions, session_interrupt{"s", {}, false});
  settle();
  EXPECT_EQ(env.metrics->get("interrupts_sent_total{dropped}"), 1U);
}

TEST_F(conversation, F12_BadFramesAreCountedAckedAndTheReaderLivesOn) {
  start();
  handshake();
  auto& s = env.link->last();
  s.say("[1,2]\n{\"type\":\"inbound\",\"event\":null,\"bufferId\":\"poison\"}\nnot json\n" +
        event("discord", "a", "alive", "1"));
  settle();
  EXPECT_EQ(sent().size(), 1U);
  ASSERT_EQ(acked().size(), 1U);
  EXPECT_NE(acked()[0].find("poison"), std::string::npos);
  EXPECT_EQ(env.log->count("frame.refused"), 3U);
}

TEST_F(conversation, F13_EndlessLineDropsTheConnectionAndItComesBack) {
  settings.limits.max_frame = 1000;
  start();
  handshake();
  env.link->last().say(std::string(1001, 'x'));
  settle();
  EXPECT_FALSE(env.link->last().dropped.empty());
  advance(2s);
  EXPECT_EQ(env.link->dials.size(), 2U);
}

TEST_F(conversation, F42_OneDescriptorForTwoIdentitiesBlocksNobody) {
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("telegram", 4096));
  settle();
  EXPECT_EQ(phase(), link_phase::connected);
  ask({"r", "discord", {}, wire::send("c", "x")});
  ASSERT_EQ(sent().size(), 1U) << "conservative defaults: send is in the legacy set";
  EXPECT_EQ(field(sent()[0], "platform"), "discord");
}

TEST_F(conversation, UnsupportedOpsAreNeverSent) {
  start(with::scripted);
  handshake();
  action x;
  x.kind = op::remove;
  x.chat_id = "c";
  x.message_id = "m";
  ask({"r", "discord", {}, x});
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.code, "unsupported");
  EXPECT_TRUE(sent().empty());
}

TEST_F(conversation, IdleChatsGoAndComeBack) {
  settings.limits.chat_idle = 60s;
  start();
  handshake();
  env.link->last().say(event("discord", "a", "x", "1"));
  settle();
  answer_all();
  EXPECT_EQ(report().egress.chats, 1U);
  advance(2min, 5s);
  EXPECT_EQ(report().egress.chats, 0U);
  env.link->last().say(event("discord", "a", "y", "2"));
  settle();
  EXPECT_EQ(sent().size(), 2U);
}

TEST_F(conversation, AChatThatIsBusyWhenItsTimeComesStays) {
  settings.limits.chat_idle = 10s;
  start(with::scripted);
  handshake();
  ask({"r1", "discord", {}, relay::wire::send("c", "one")});
  ask({"r2", "discord", {}, relay::wire::send("idle", "two")});
  env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent()[1], "requestId") +
                       R"(","result":{"success":true}})"
                       "\n");
  advance(16s, 1s);
  EXPECT_EQ(report().egress.chats, 1U);
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 2U) << "the chat was ended with its action";
  EXPECT_EQ(agent->outcomes[1].result.how, outcome::done);
}

// protocol.md 5.1 and 6, routing 5.
class slack_sessions : public gateway_test {
protected:
  slack_sessions() { settings.relay.identities = {{"slack", "B1", ""}}; }
  /// The sessions of two top-level messages, of a reply to the first, and of the first as it was edited, as
  /// they come: those of one session one after the other.
  std::vector<std::string> keys() {
    start(with::scripted);
    env.link->last().accept();
    settle();
    const std::string at = R"(,"scope_id":"W1")";
    env.link->last().say(descriptor_line("slack") + event("slack", "D1", "one", "17.1", {}, at) +
                         event("slack", "D1", "two", "17.2", {}, at) +
                         event("slack", "D1", "three", "17.3", {}, at + R"(,"thread_id":"17.1")") +
                         event("slack", "D1", "one!", "17.1", {}, at + R"(,"message_is_edit":true)"));
    settle();
    std::vector<std::string> out;
    for (auto& x : agent->deliveries) out.push_back(x.session_key);
    return out;
  }
};

TEST_F(slack_sessions, ATopLevelMessageIsASessionOfItsOwn) {
  const std::string in = "agent:main:slack:dm:W1:D1:";
  EXPECT_EQ(keys(), (std::vector<std::string>{in + "17.1", in + "17.2", in + "17.1", in + "17.1"}));
}

TEST_F(slack_sessions, OneForTheWholeChatWhenItIsTurnedOff) {
  settings.slack.dm_top_level_threads_as_sessions = false;
  const std::string in = "agent:main:slack:dm:W1:D1";
  EXPECT_EQ(keys(), (std::vector<std::string>{in, in + ":17.1", in, in}));
}

TEST_F(slack_sessions, OneForTheWholeChatWhereRepliesStayOutOfThreads) {
  settings.slack.reply_in_thread = false;
  const std::string in = "agent:main:slack:dm:W1:D1";
  EXPECT_EQ(keys(), (std::vector<std::string>{in, in + ":17.1", in, in}));
}

} // namespace
} // namespace relay::testing
