// An answer stands where its question was asked: threads, Slack's anchors, chat info without a frame.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class threads : public gateway_test {
protected:
  void begin(with kind = with::scripted) {
    settings.relay.identities = {{"slack", "app-s", ""}, {"discord", "app-1", ""}};
    start(kind);
    env.link->last().accept();
    settle();
    env.link->last().say(descriptor_line("slack") + descriptor_line("discord"));
    settle();
  }
  void comes(const std::string& platform, const std::string& id, const std::string& more = {}) {
    env.link->last().say(event(platform, "c", "hi", id, {}, more));
    settle();
  }
  void answer(action what) {
    ask({{}, {}, agent->deliveries.back().id, std::move(what)});
    answer_all();
  }
  std::string thread() { return field(sent().back(), "thread_id"); }
};

TEST_F(threads, TheEchoAndItsThread) {
  begin(with::echo);
  comes("discord", "1", R"(,"thread_id":"th")");
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(thread(), "th");
  answer_all();
  comes("slack", "171.1");
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_EQ(thread(), "171.1") << "a top-level message on Slack";
}

TEST_F(threads, WhatAnswersATopLevelMessageOnSlackAndItsTypingGoToItsThread) {
  begin();
  comes("slack", "171.1");
  answer(wire::typing("c"));
  EXPECT_EQ(thread(), "171.1");
  answer(wire::send("c", "x"));
  EXPECT_EQ(thread(), "171.1");
  answer(wire::send("c", "x", {}, R"({"thread_id":"own"})"));
  EXPECT_EQ(thread(), "own");
  ask({{}, "slack", {}, wire::send("c", "unprompted")});
  EXPECT_EQ(thread(), "");
}

TEST_F(threads, FlatRepliesOnSlackAreASettingThatAReloadChanges) {
  settings.slack.reply_in_thread = false;
  begin();
  comes("slack", "171.1");
  answer(wire::send("c", "x", "171.1"));
  EXPECT_EQ(thread(), "");
  EXPECT_NE(sent().back().find(R"("reply_to":null)"), std::string::npos) << "a direct message";
  settings.slack.reply_in_thread = true;
  caf::anon_send(root, std::make_shared<const config::settings>(settings));
  settle();
  answer(wire::send("c", "x", "171.1"));
  EXPECT_EQ(thread(), "171.1");
  EXPECT_EQ(field(sent().back(), "reply_to"), "171.1");
}

TEST_F(threads, ALateAnswerToAPromptIsToldWhereItWasGiven) {
  settings.relay.identities = {{"discord", "app-1", ""}};
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord", 2000, R"(["send","prompt"])"));
  settle();
  ask({"r1", "discord", {}, wire::prompt("c", wire::prompt_kind::choice, "which?", {{"a", "A", ""}})});
  const auto nonce = field(sent().at(0), "prompt_id").substr(0, 8);
  answer_all();
  env.link->last().say(
      R"({"type":"inbound","event":{"text":"","message_type":"text","source":{"platform":"discord",)"
      R"("chat_id":"c","chat_type":"group","user_id":"u","thread_id":"th"},"message_id":"1",)"
      R"("prompt_response":{"prompt_id":")" +
      nonce +
      R"(.0badc0de","option_id":"a"}}})"
      "\n");
  settle();
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_NE(sent()[1].find("no longer open"), std::string::npos);
  EXPECT_EQ(thread(), "th");
}

TEST_F(threads, AFollowUpCarriesTheProfileOfItsSession) {
  begin();
  comes("discord", "1", R"(,"profile":"ops")");
  answer(wire::follow_up("agent:work:discord:dm:c", "discord.x", "x"));
  EXPECT_EQ(field(sent().back(), "profile"), "work");
  answer(wire::send("c", "x"));
  EXPECT_EQ(field(sent().back(), "profile"), "ops");
}

TEST_F(threads, ChatInfoThatIsNotOfferedIsWhatIsKnownAndNoFrame) {
  begin();
  comes("discord", "1", R"(,"chat_name":"general")");
  ask({"i1", {}, {}, wire::get_chat_info("c")});
  ask({"i2", "discord", {}, wire::get_chat_info("never-seen")});
  EXPECT_TRUE(sent().empty());
  ASSERT_EQ(agent->outcomes.size(), 2U);
  EXPECT_EQ(agent->outcomes[0].result.raw, R"({"success":true,"chat_info":{"name":"general","type":"dm"}})");
  EXPECT_EQ(agent->outcomes[1].result.raw,
            R"({"success":true,"chat_info":{"name":"never-seen","type":"dm"}})");
}

TEST_F(threads, ChatInfoThatTheConnectorRefusesIsTheConnectorsAnswer) {
  settings.relay.identities = {{"discord", "app-1", ""}};
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord", 2000, R"(["send","get_chat_info"])"));
  settle();
  ask({"i1", "discord", {}, wire::get_chat_info("c")});
  ASSERT_EQ(sent().size(), 1U);
  env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent()[0], "requestId") +
                       R"(","result":{"success":false,"code":"unsupported","error":"not today"}})"
                       "\n");
  settle();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::definite);
  EXPECT_EQ(agent->outcomes[0].result.error, "not today");
}

} // namespace
} // namespace relay::testing
