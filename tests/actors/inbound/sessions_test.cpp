// Whose message, whose turn, whose prompt: sessions, profiles and versions through the whole tree, over a
// restart too (protocol.md 5.1 and 6).
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/tests/actors/durable_fixture.hpp"

#include <gmock/gmock.h>

namespace relay::testing {
namespace {

class sessions : public durable_test {
protected:
  /// An inbound line; `source` are further members of its source, `more` of the event.
  static std::string line(const std::string& text, const std::string& id, const std::string& source,
                          const std::string& buffer = {}, const std::string& more = {}) {
    return R"({"type":"inbound","event":{"text":")" + text +
           R"(","message_type":"text","source":{"platform":"telegram")" + source + R"(},"message_id":")" +
           id + "\"" + more + "}" + (buffer.empty() ? "" : R"(,"bufferId":")" + buffer + "\"") + "}\n";
  }
  static std::string of(const std::string& user, const std::string& thread = {},
                        const std::string& profile = {}) {
    return R"(,"chat_id":"g","chat_type":"group","user_id":")" + user + "\"" +
           (thread.empty() ? "" : R"(,"thread_id":")" + thread + "\"") +
           (profile.empty() ? "" : R"(,"profile":")" + profile + "\"");
  }
  void hear(const std::string& lines) {
    env.link->last().say(lines);
    settle();
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (auto& x : agent->deliveries) out.push_back(x.event->text);
    return out;
  }
  std::uint64_t repeats(const std::string& reason) const {
    return env.metrics->get("events_duplicate_total{" + reason + "}");
  }
  void ready() {
    start(with::scripted);
    env.link->last().accept();
    settle();
    hear(descriptor_line("discord", 2000, R"(["send","prompt"])") +
         descriptor_line("telegram", 4096, R"(["send"])"));
  }
  /// Asks in the turn of this delivery; its prompt id is `id`.
  void prompt(const delivery& turn, const std::string& id, const std::string& kind = "approval") {
    auto x = wire::decode_action(R"({"op":"prompt","prompt_kind":")" + kind + R"(","chat_id":")" +
                                 turn.event->source.chat_id + R"(","prompt_id":")" + id +
                                 R"(","content":"Sure?","options":[{"id":"y","label":"Yes"}]})");
    ASSERT_TRUE(x) << x.error;
    ask({"r-" + id, {}, turn.id, x.value});
    answer_all();
  }
  bool answers(const std::string& text, const std::string& id, const std::string& source) {
    hear(line(text, id, source));
    return agent->deliveries.back().event->prompt.present;
  }
};

using strings = std::vector<std::string>;

TEST_F(sessions, EveryProfileAndEveryPersonGetsTheMessage) {
  ready();
  hear(line("a", "1", R"(,"user_id":"ana")", "1") + line("b", "1", R"(,"user_id":"bo")", "2") +
       line("c", "1", R"(,"user_id":"ana","profile":"work")", "3") +
       line("a", "1", R"(,"user_id":"ana")", "4"));
  EXPECT_EQ(texts(), (strings{"a", "b", "c"}));
  EXPECT_EQ(acked().size(), 4U);
  EXPECT_EQ(repeats("message_id"), 1U);
  EXPECT_EQ(env.log->count("event.repeated"), 1U);
}

TEST_F(sessions, ATurnHoldsUpItsOwnSessionOnly) {
  agent->ack = false;
  ready();
  hear(line("1", "1", of("ana")) + line("2", "2", of("ana", "t")) + line("3", "3", of("bo")) +
       line("4", "4", of("ana", "", "work")) + line("5", "5", of("ana")));
  EXPECT_EQ(texts(), (strings{"1", "2", "3", "4"}));
  die();
  agent->ack = false;
  start(with::scripted);
  EXPECT_EQ(texts(), (strings{"1"}))
      << "the process may have died of any of the four: they come one at a time";
  EXPECT_EQ(agent->deliveries[0].session_key, "agent:main:telegram:group:g:ana");
  die();
  agent->ack = true;
  start(with::scripted);
  EXPECT_THAT(texts(), ::testing::UnorderedElementsAre("1", "2", "3", "4", "5"));
  for (auto& x : agent->deliveries) EXPECT_EQ(x.session_key.starts_with("agent:work:"), x.event->text == "4");
}

TEST_F(sessions, AConnectorThatCountsAnewLosesNothing) {
  ready();
  hear(line("a", "1", of("ana"), "1") + line("b", "2", of("ana"), "2"));
  die();
  ready();
  hear(line("a", "1", of("ana"), "1"));
  EXPECT_TRUE(agent->deliveries.empty()) << "a replay";
  EXPECT_EQ(repeats("buffer_id"), 1U);
  hear(line("c", "3", of("ana"), "1") + line("d", "", of("ana"), "2") + line("e", "", of("ana"), "1"));
  EXPECT_EQ(texts(), (strings{"c", "d", "e"}));
  EXPECT_EQ(acked().size(), 3U) << "1 twice: the connector knows nothing of an earlier message of that id";
}

TEST_F(sessions, TheAgentEndsWithWhatIsOnTheScreen) {
  ready();
  auto edit = [&](const std::string& text) {
    return line(text, "1", of("ana") + R"(,"message_is_edit":true)");
  };
  hear(line("go", "1", of("ana")) + edit("stop") + edit("go") + edit("go"));
  EXPECT_EQ(texts(), (strings{"go", "stop", "go"}));
  EXPECT_EQ(repeats("version"), 1U);
  die();
  ready();
  hear(edit("go") + edit("stop"));
  EXPECT_EQ(texts(), (strings{"stop"})) << "the latest version is known over a restart";
}

TEST_F(sessions, APromptBelongsToTheThreadAndTheProfileOfItsTurn) {
  ready();
  hear(line("do it", "1", of("ana", "t", "work")));
  prompt(agent->deliveries.at(0), "own");
  int id = 10;
  for (auto& elsewhere : {of("ana"), of("ana", "u", "work"), of("ana", "t"), of("ana", "t", "play")})
    EXPECT_FALSE(answers("1", std::to_string(id++), elsewhere)) << elsewhere;
  EXPECT_TRUE(answers("1.", "20", of("ana", "t", "work")));
}

TEST_F(sessions, ABystanderLeavesAnApprovalOpen) {
  ready();
  hear(line("do it", "1", of("ana")));
  prompt(agent->deliveries.at(0), "own");
  EXPECT_FALSE(answers("1", "2", of("bo"))) << "plain text for the agent";
  EXPECT_EQ(agent->deliveries.size(), 2U);
  const auto press = R"(,"prompt_response":{"prompt_id":"own","option_id":"y"})";
  hear(line("Yes", "3", of("bo"), "b3", press));
  EXPECT_EQ(agent->deliveries.size(), 2U);
  EXPECT_EQ(env.metrics->get("prompt_answers_total{bystander}"), 1U);
  EXPECT_EQ(acked().size(), 1U) << "it is over";
  hear(line("Yes", "4", of("ana"), "", press));
  ASSERT_EQ(agent->deliveries.size(), 3U);
  EXPECT_TRUE(agent->deliveries[2].event->prompt.present);
}

// An interaction that names no guild says `dm`; its session says where it really was.
TEST_F(sessions, AnApprovalOfAGroupIsNoBystandersWhateverAnInteractionSays) {
  ready();
  hear(R"({"type":"inbound","event":{"text":"hi","source":{"platform":"discord","chat_id":"g",)"
       R"("chat_type":"group","user_id":"bo"},"message_id":"1"}})"
       "\n");
  const auto command = wire::base64_encode(
      R"({"type":2,"id":"2","channel_id":"g","user":{"id":"ana"},"data":{"name":"deploy"}})");
  hear(R"({"type":"passthrough_forward","forward":{"platform":"discord","botId":"app-1","bodyB64":")" +
       command + "\"}}\n");
  ASSERT_EQ(agent->deliveries.size(), 2U);
  const auto turn = agent->deliveries[1];
  EXPECT_EQ(turn.session_key, "agent:main:discord:group:g:ana");
  int id = 3;
  const auto pressed = [&](const std::string& who, const std::string& prompt) {
    const auto before = agent->deliveries.size();
    hear(R"({"type":"inbound","event":{"text":"","source":{"platform":"discord","chat_id":"g",)"
         R"("chat_type":"group","user_id":")" +
         who + R"("},"message_id":")" + std::to_string(id++) + R"(","prompt_response":{"prompt_id":")" +
         prompt + "\",\"option_id\":\"y\"}}}\n");
    return agent->deliveries.size() > before;
  };
  prompt(turn, "own");
  EXPECT_FALSE(pressed("bo", "own"));
  EXPECT_TRUE(pressed("ana", "own"));
  die();
  ready();
  prompt(turn, "after"); // of a turn that an earlier process saw
  EXPECT_FALSE(pressed("bo", "after"));
  EXPECT_TRUE(pressed("ana", "after"));
}

TEST_F(sessions, APromptKeepsItsSessionAndItsAskerOverARestart) {
  ready();
  hear(line("do it", "1", of("ana", "t")));
  const auto turn = agent->deliveries.at(0);
  prompt(turn, "before");
  die();
  ready();
  agent->deliveries.clear();
  EXPECT_FALSE(answers("yes", "2", of("ana")));
  EXPECT_FALSE(answers("yes", "3", of("bo", "t")));
  EXPECT_TRUE(answers("yes", "4", of("ana", "t")));
  prompt(turn, "after"); // of a turn that an earlier process saw
  EXPECT_FALSE(answers("1", "5", of("ana")));
  EXPECT_FALSE(answers("1", "6", of("bo", "t")));
  EXPECT_TRUE(answers("1", "7", of("ana", "t")));
}

TEST_F(sessions, TheOperatorMayLetAnyoneApprove) {
  settings.prompts.approval_by = config::approval_by::anyone;
  ready();
  hear(line("do it", "1", of("ana")));
  prompt(agent->deliveries.at(0), "own");
  EXPECT_TRUE(answers("1", "2", of("bo")));
}

TEST_F(sessions, AcksAreForTheConnectorThatGaveTheBufferId) {
  agent->ack = false;
  disk->hold();
  ready();
  hear(line("a", "1", of("ana"), "1"));
  settings.relay.url = "https://another.example";
  caf::anon_send(root, std::make_shared<const config::settings>(settings));
  settle();
  advance(2s);
  handshake();
  hear(line("b", "2", of("ana"), "1"));
  disk->release();
  settle();
  EXPECT_EQ(acked().size(), 1U) << "of b alone";
}

} // namespace
} // namespace relay::testing
