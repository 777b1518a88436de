// Reactions on a message that is worked on (protocol.md 6): best effort, never in the way.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class reactions : public gateway_test {
protected:
  reactions() { settings.service.reactions = true; }
  /// `emoji` or `-emoji` of each reaction on the wire, for one platform.
  std::vector<std::string> seen(const std::string& platform) {
    std::vector<std::string> out;
    for (auto& x : sent())
      if (field(x, "op") == "react" && field(x, "platform") == platform)
        out.push_back((x.find(R"("remove":true)") == std::string::npos ? "" : "-") + field(x, "emoji"));
    return out;
  }
  std::vector<std::string> sends() {
    std::vector<std::string> out;
    for (auto& x : sent())
      if (field(x, "op") == "send") out.push_back(x);
    return out;
  }
  void answer(const std::string& frame, const std::string& result) {
    env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(frame, "requestId") +
                         R"(","result":)" + result + "}\n");
    settle();
  }
  using list = std::vector<std::string>;
  const std::string eyes = "\U0001F440";
};

TEST_F(reactions, EyesWhileItIsWorkedOnThenTheVerdict) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "m1"));
  settle();
  ASSERT_EQ(seen("discord"), list{eyes});
  EXPECT_EQ(field(sent()[0], "message_id"), "m1");
  EXPECT_EQ(field(sent()[0], "botId"), "app-1");
  EXPECT_NE(sent()[0].find(R"("user_id":"u-c")"), std::string::npos) << "routable like the reply";
  ask({"r", {}, agent->deliveries[0].id, wire::send("c", "answer")});
  ASSERT_EQ(sends().size(), 1U) << "the reply waits for no reaction's result";
  EXPECT_EQ(seen("discord"), list{eyes}) << "nothing is settled yet";
  answer(sends()[0], R"({"success":true})");
  EXPECT_EQ(seen("discord"), (list{eyes, "-" + eyes, "\u2705"}));
  ask({"r2", {}, agent->deliveries[0].id, wire::send("c", "more")});
  answer(sends()[1], R"({"success":false,"error":"no"})");
  EXPECT_EQ(seen("discord").size(), 3U) << "the first final reply decided";
}

TEST_F(reactions, F64_FailureOnTelegramIsAThumbDown) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("telegram", "c", "hi", "m1"));
  settle();
  ask({"r", {}, agent->deliveries[0].id, wire::send("c", "answer")});
  answer(sends()[0], R"({"success":false,"error":"blocked"})");
  EXPECT_EQ(seen("telegram"), (list{eyes, "-" + eyes, "\U0001F44E"}));
}

TEST_F(reactions, AnUnknownOutcomeRemovesTheEyesOnly) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "m1"));
  settle();
  ask({"r", {}, agent->deliveries[0].id, wire::send("c", "answer")});
  answer(sends()[0], R"({"success":false,"ambiguous":true,"error":"who knows"})");
  EXPECT_EQ(seen("discord"), (list{eyes, "-" + eyes}));
}

TEST_F(reactions, ADeadLetterFails) {
  settings.limits.agent_ack_timeout = 10s;
  settings.limits.agent_max_deliveries = 2;
  agent->ack = false;
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "m1"));
  settle();
  advance(11s);
  EXPECT_EQ(agent->deliveries.size(), 2U);
  EXPECT_EQ(seen("discord"), list{eyes}) << "a redelivery is the same turn";
  advance(11s);
  EXPECT_EQ(seen("discord"), (list{eyes, "-" + eyes, "\u274C"}));
}

TEST_F(reactions, AreOffUnlessAskedFor) {
  settings.service.reactions = false;
  start(); // echo
  handshake();
  env.link->last().say(event("discord", "c", "hi", "m1"));
  settle();
  answer_all();
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(reactions, ArePlainlyLeftOutWhereThePlatformHasNone) {
  start(); // echo
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord", 2000, R"(["send"])") + descriptor_line("telegram"));
  settle();
  env.link->last().say(event("discord", "c", "hi", "1") + event("telegram", "t", "hi", "1"));
  settle();
  answer_all();
  EXPECT_TRUE(seen("discord").empty());
  EXPECT_EQ(seen("telegram").size(), 3U);
}

TEST_F(reactions, AreDroppedWithoutALinkAndNeverRepeated) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "m1"));
  settle();
  ask({"r", {}, agent->deliveries[0].id, wire::send("c", "answer")});
  env.link->last().end(); // the reply's outcome is unknown now
  settle();
  advance(2s);
  handshake();
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(env.metrics->get("reactions_total{dropped}"), 1U);
}

TEST_F(reactions, ResultsThatNeverComeHoldUpNothing) {
  start(); // echo
  handshake();
  for (int i = 0; i < 2000; ++i) env.link->last().say(event("discord", "c" + std::to_string(i), "hi", "m"));
  settle();
  EXPECT_EQ(sends().size(), 2000U);
  EXPECT_LE(seen("discord").size(), 1000U) << "bounded, for a connector that answers none";
  for (auto& x : sends()) answer(x, R"({"success":true})");
  advance(40s);
  EXPECT_EQ(env.metrics->get("results_unmatched_total"), 0U);
  auto before = seen("discord").size();
  env.link->last().say(event("discord", "fresh", "hi", "m"));
  settle();
  EXPECT_EQ(seen("discord").size(), before + 1) << "the old ones are forgotten";
}

} // namespace
} // namespace relay::testing
