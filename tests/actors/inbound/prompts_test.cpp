// Prompts from the agent to the press and back (protocol.md 6; F26, F27, F57, F58).
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class prompt_flow : public gateway_test {
protected:
  /// Discord draws prompts, Telegram only takes texts.
  void ready() {
    start(with::scripted);
    env.link->last().accept();
    settle();
    env.link->last().say(descriptor_line("discord", 2000, R"(["send","prompt"])") +
                         descriptor_line("telegram", 4096, R"(["send"])"));
    settle();
  }
  static action prompt(const std::string& chat, const std::string& more = {}) {
    auto x = wire::decode_action(R"({"op":"prompt","prompt_kind":"choice","chat_id":")" + chat +
                                 R"(","content":"Deploy?","options":[{"id":"yes","label":"Yes"},)"
                                 R"({"id":"no","label":"No"}])" +
                                 more + "}");
    EXPECT_TRUE(x) << x.error;
    return x.value;
  }
  /// A press in the Discord queue.
  void press(const std::string& prompt_id, const std::string& option, const std::string& id,
             const std::string& channel = "c") {
    forward(R"({"type":3,"id":")" + id + R"(","channel_id":")" + channel +
                R"(","guild_id":"g1","member":{"user":{"id":"u1","username":"ann"}},)"
                R"("message":{"id":"m7"},"data":{"custom_id":"hp1:)" +
                prompt_id + ":" + option + "\"}}",
            "b-" + id);
  }
  void forward(const std::string& body, const std::string& buffer) {
    env.link->last().say(
        R"({"type":"passthrough_forward","forward":{"platform":"discord","botId":"app-1","bodyB64":")" +
        wire::base64_encode(body) + R"("},"bufferId":")" + buffer + "\"}\n");
    settle();
  }
  void hear(const std::string& line) {
    env.link->last().say(line);
    settle();
  }
  std::uint64_t answers(const std::string& outcome) const {
    return env.metrics->get("prompt_answers_total{" + outcome + "}");
  }
};

TEST_F(prompt_flow, TheGatewayNamesAPromptAndTellsItsAgent) {
  ready();
  ask({"r1", "discord", {}, prompt("c")});
  ask({"r2", "discord", {}, prompt("d")});
  ASSERT_EQ(sent().size(), 2U);
  const auto id = field(sent()[0], "prompt_id");
  ASSERT_EQ(id.size(), 17U) << id;
  EXPECT_EQ(id[8], '.');
  const auto other = field(sent()[1], "prompt_id");
  EXPECT_EQ(id.substr(0, 9), other.substr(0, 9)) << "one nonce per process";
  EXPECT_NE(id, other);
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 2U);
  for (auto& x : agent->outcomes) EXPECT_EQ(x.result.prompt_id, x.request_id == "r1" ? id : other);
  EXPECT_NE(wire::encode_result(agent->outcomes[0].result).find("prompt_id"), std::string::npos);
  press(id, "yes", "i1");
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(agent->deliveries[0].event->prompt, (prompt_response{id, "yes", "", "m7", true}));
  EXPECT_EQ(acked().size(), 1U) << "once the agent has it";
}

TEST_F(prompt_flow, AnAgentsOwnIdGoesOutAsItIs) {
  ready();
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"deploy-7")")});
  EXPECT_EQ(field(sent().at(0), "prompt_id"), "deploy-7");
  press("deploy-7", "no", "i1");
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(agent->deliveries[0].event->prompt.option_id, "no");
}

TEST_F(prompt_flow, OneIdInTwoChatsAreTwoPrompts) {
  ready();
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"1")")});
  ask({"r2", "discord", {}, prompt("d", R"(,"prompt_id":"1")")});
  ask({"r3", "telegram", {}, prompt("t", R"(,"prompt_id":"1")")});
  answer_all();
  press("1", "yes", "i1", "c");
  press("1", "no", "i2", "d");
  press("1", "no", "i3", "c");
  hear(event("telegram", "t", "2", "1"));
  ASSERT_EQ(agent->deliveries.size(), 3U);
  const char* chosen[] = {"yes", "no", "no"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(agent->deliveries[i].event->prompt.prompt_id, "1");
    EXPECT_EQ(agent->deliveries[i].event->prompt.option_id, chosen[i]);
  }
  EXPECT_EQ(answers("repeated"), 1U);
}

TEST_F(prompt_flow, F27_AnswersComeFromTheLogicalPlatform) {
  ready();
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"own")")});
  press("own", "yes", "i1");
  ASSERT_EQ(agent->deliveries.size(), 1U);
  answer_all();
  ask({"r2", {}, agent->deliveries[0].id, wire::send("c", "done")});
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_EQ(field(sent()[1], "platform"), "discord");
  EXPECT_EQ(field(sent()[1], "botId"), "app-1");
  EXPECT_EQ(field(sent()[1], "scope_id"), "g1");
}

TEST_F(prompt_flow, F57_ForeignAnswersAreConsumedSilentlyAndAcked) {
  ready();
  press("bbbb0000.00000001", "yes", "i1");
  EXPECT_TRUE(agent->deliveries.empty());
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(acked().size(), 1U);
  EXPECT_EQ(answers("foreign"), 1U);
  press("bbbb0000.00000001", "yes", "i1");
  EXPECT_EQ(acked().size(), 2U) << "a replay is acked too";
  EXPECT_EQ(answers("foreign"), 1U);
}

TEST_F(prompt_flow, F57_InTheMessageLaneToo) {
  ready();
  hear(R"({"type":"inbound","event":{"text":"Yes","source":{"platform":"telegram","chat_id":"t"},)"
       R"("message_id":"9","prompt_response":{"prompt_id":"bbbb0000.1","option_id":"yes"}},"bufferId":"b"})"
       "\n");
  EXPECT_TRUE(agent->deliveries.empty());
  EXPECT_EQ(acked().size(), 1U);
  EXPECT_EQ(answers("foreign"), 1U);
}

TEST_F(prompt_flow, F58_ADoubleTapResolvesOnce) {
  ready();
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"own")")});
  press("own", "yes", "i1");
  press("own", "yes", "i2");
  press("own", "no", "i3");
  EXPECT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(acked().size(), 3U);
  EXPECT_EQ(sent().size(), 1U) << "nothing is said about it";
  EXPECT_EQ(answers("taken"), 1U);
  EXPECT_EQ(answers("repeated"), 2U);
}

TEST_F(prompt_flow, F25_AReplayOfTheWinningAnswerWaitsForItsOutcome) {
  ready();
  agent->ack = false;
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"own")")});
  press("own", "yes", "i1");
  press("own", "yes", "i1");
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_TRUE(acked().empty()) << "the agent may still die with it";
  EXPECT_EQ(answers("repeated"), 0U);
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[0].id});
  settle();
  EXPECT_EQ(acked().size(), 1U);
}

TEST_F(prompt_flow, AnExpiredPromptIsToldOnce) {
  ready();
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"own","timeout_s":5)")});
  answer_all();
  advance(5s);
  press("own", "yes", "i1");
  EXPECT_TRUE(agent->deliveries.empty());
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_EQ(field(sent()[1], "op"), "send");
  EXPECT_EQ(field(sent()[1], "chat_id"), "c");
  EXPECT_EQ(field(sent()[1], "platform"), "discord");
  EXPECT_EQ(field(sent()[1], "scope_id"), "g1") << "routable although nothing else came from there";
  EXPECT_EQ(field(sent()[1], "user_id"), "u1");
  EXPECT_EQ(acked().size(), 1U);
  answer_all();
  press("own", "yes", "i2");
  EXPECT_EQ(sent().size(), 2U);
  EXPECT_EQ(acked().size(), 2U);
  EXPECT_EQ(answers("late"), 1U);
  EXPECT_EQ(answers("late_again"), 1U);
}

TEST_F(prompt_flow, AnUnknownPromptOfOursIsToldOnce) {
  ready();
  ask({"r1", "discord", {}, prompt("c")});
  const auto nonce = field(sent().at(0), "prompt_id").substr(0, 8);
  answer_all();
  press(nonce + ".0badc0de", "yes", "i1");
  press(nonce + ".0badc0de", "yes", "i2");
  EXPECT_EQ(sent().size(), 2U);
  EXPECT_TRUE(agent->deliveries.empty());
  EXPECT_EQ(env.log->count("prompt.late"), 1U);
}

TEST_F(prompt_flow, WithoutButtonsItIsATextThatANumberAnswers) {
  ready();
  ask({"r1", "telegram", {}, prompt("t")});
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(field(sent()[0], "op"), "send");
  EXPECT_EQ(field(sent()[0], "content"), "Deploy?\\n\\n1. Yes\\n2. No");
  EXPECT_EQ(sent()[0].find("options"), std::string::npos);
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
  const auto id = agent->outcomes[0].result.prompt_id;
  hear(event("telegram", "t", "hm", "1") + event("telegram", "t", "3", "2") +
       event("telegram", "other", "2", "3") + event("telegram", "t", "2", "4", "b4") +
       event("telegram", "t", "1", "5"));
  ASSERT_EQ(agent->deliveries.size(), 5U);
  std::vector<std::string> said;
  for (auto& x : agent->deliveries) {
    said.push_back(x.event->text);
    const bool answer = x.event->message_id == "4";
    EXPECT_EQ(x.event->prompt, answer ? (prompt_response{id, "no", "No", "", true}) : prompt_response{});
    EXPECT_EQ(x.event->raw.find("prompt_response") != std::string::npos, answer);
  }
  EXPECT_EQ(std::count(said.begin(), said.end(), "2"), 2) << "the text is kept";
  EXPECT_EQ(acked().size(), 1U);
  EXPECT_EQ(answers("numbered"), 1U);
}

TEST_F(prompt_flow, ButtonsAreNotAnsweredByNumbers) {
  ready();
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"own")")});
  answer_all();
  hear(event("discord", "c", "1", "1"));
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_FALSE(agent->deliveries[0].event->prompt.present);
  press("own", "yes", "i1");
  EXPECT_EQ(agent->deliveries.size(), 2U);
}

TEST_F(prompt_flow, WhatCertainlyDidNotGoOutIsNotAnsweredByNumbers) {
  ready();
  ask({"r1", "telegram", {}, prompt("t")});
  hear(R"({"type":"outbound_result","requestId":")" + field(sent().at(0), "requestId") +
       R"(","result":{"success":false,"error":"no"}})" + "\n");
  hear(event("telegram", "t", "1", "1"));
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_FALSE(agent->deliveries[0].event->prompt.present);
}

TEST_F(prompt_flow, AnswersKeepTheOrderOfTheirSession) {
  ready();
  agent->ack = false;
  ask({"r1", "discord", {}, prompt("c", R"(,"prompt_id":"own")")});
  hear(event("discord", "c", "first", "1"));
  hear(
      R"({"type":"inbound","event":{"text":"Yes","source":{"platform":"discord","chat_id":"c","chat_type":"dm",)"
      R"("user_id":"u-c"},"message_id":"2","prompt_response":{"prompt_id":"own","option_id":"yes"}}})"
      "\n");
  ASSERT_EQ(agent->deliveries.size(), 1U) << "the press waits for the text before it";
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[0].id});
  settle();
  ASSERT_EQ(agent->deliveries.size(), 2U);
  EXPECT_TRUE(agent->deliveries[1].event->prompt.present);
}

TEST_F(prompt_flow, ABrokenPromptOfAnEmbedderIsRefused) {
  ready();
  action x;
  x.kind = op::prompt;
  x.chat_id = "c";
  ask({"r1", "discord", {}, x});
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.code, "bad_action");
  EXPECT_EQ(agent->outcomes[0].result.error, "prompt: prompt_kind must be one of approval clarify choice");
  EXPECT_TRUE(sent().empty());
}

TEST_F(prompt_flow, PromptsOutliveARestartOfTheRouterThatNamedThem) {
  ready();
  ask({"r1", "discord", {}, prompt("c")});
  const auto id = field(sent().at(0), "prompt_id");
  answer_all();
  caf::anon_send_exit(caf::actor_cast<caf::actor>(agent->host.actions), caf::exit_reason::kill);
  settle();
  ask({"r2", "discord", {}, prompt("d")});
  ASSERT_EQ(sent().size(), 2U);
  const auto next = field(sent()[1], "prompt_id");
  EXPECT_EQ(next.substr(0, 9), id.substr(0, 9));
  EXPECT_NE(next, id);
  press(id, "yes", "i1");
  press(next, "yes", "i2", "d");
  EXPECT_EQ(agent->deliveries.size(), 2U);
}

TEST_F(prompt_flow, F26_TextAndInteractionOfOnePlaceShareASession) {
  ready();
  hear(
      R"({"type":"inbound","event":{"text":"hi","source":{"platform":"discord","chat_id":"c","chat_type":"thread",)"
      R"("thread_id":"t1","parent_chat_id":"c","user_id":"u1","scope_id":"g1"},"message_id":"1"}})"
      "\n");
  forward(
      R"({"type":2,"id":"i1","channel_id":"t1","guild_id":"g1","channel":{"id":"t1","type":11,"parent_id":"c"},)"
      R"("member":{"user":{"id":"u1"}},"data":{"name":"ask"}})",
      "b1");
  ASSERT_EQ(agent->deliveries.size(), 2U);
  EXPECT_EQ(agent->deliveries[0].session_key, "agent:main:discord:thread:c:t1");
  EXPECT_EQ(agent->deliveries[1].session_key, agent->deliveries[0].session_key);
  EXPECT_EQ(agent->deliveries[1].event->source.chat_id, "t1") << "answered where it was given";
}

} // namespace
} // namespace relay::testing
