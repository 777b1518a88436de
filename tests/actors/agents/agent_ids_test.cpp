// Whose request id is it, who gets what was not acked, and what an agent leaves behind (agent-link.md).
#include "relay_gateway/tests/actors/agents/exec_fixture.hpp"
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

namespace relay::testing {
namespace {

std::string send_action(const std::string& id, const std::string& chat, const std::string& text) {
  return R"({"type":"action","request_id":")" + id +
         R"(","platform":"discord","action":{"op":"send","chat_id":")" + chat + R"(","content":")" + text +
         "\"}}\n";
}

class request_ids : public linked_test {
protected:
  void SetUp() override {
    linked_test::SetUp();
    start(with::link);
    handshake();
  }
  std::string last_result(const seat& x) {
    auto all = of(x, "result");
    return all.empty() ? "" : all.back();
  }
  /// The connector's result of the frame that left as this one, counted from 0.
  void answers(std::size_t frame, const std::string& message_id) {
    env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent()[frame], "requestId") +
                         R"(","result":{"success":true,"message_id":")" + message_id + "\"}}\n");
    settle();
  }
  void asks(seat& x, const std::string& id, const std::string& chat, const std::string& text) {
    say(x, send_action(id, chat, text));
    answer_all();
  }
};

class few_pending : public request_ids {
protected:
  void SetUp() override {
    settings.limits.max_pending = 1;
    request_ids::SetUp();
  }
};

TEST_F(request_ids, OfTwoAgentsWithoutNamesThatCountFromOneTheSecondIsRefused) {
  auto a = attach(1);
  auto b = attach(2);
  asks(a, "1", "c", "of a");
  asks(b, "1", "d", "of b");
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_NE(last_result(b).find("request_id_conflict"), std::string::npos)
      << "never the result of another action";
  EXPECT_EQ(env.log->count("egress.request_id_conflict"), 1U);
}

TEST_F(request_ids, TheFirstOfTwoHearsOfItsOwnActionAlsoWhileThatIsUnderWay) {
  auto a = attach(1);
  auto b = attach(2);
  say(a, send_action("1", "c", "of a"));
  say(b, send_action("1", "d", "of b"));
  say(a, send_action("1", "c", "of a"));
  answer_all();
  EXPECT_EQ(sent().size(), 1U);
  const auto results = of(a, "result");
  ASSERT_EQ(results.size(), 2U);
  for (const auto& x : results) EXPECT_NE(x.find(R"("message_id":"m0")"), std::string::npos) << x;
  ASSERT_EQ(of(b, "result").size(), 1U);
  EXPECT_NE(last_result(b).find("request_id_conflict"), std::string::npos);
}

TEST_F(request_ids, TwoNamedAgentsThatBothCountFromOneDoNotCollide) {
  auto a = attach(1);
  auto b = attach(2);
  say(a, "{\"type\":\"hello\",\"name\":\"a\"}\n");
  say(b, "{\"type\":\"hello\",\"name\":\"b\"}\n");
  asks(a, "1", "c", "of a");
  asks(b, "1", "d", "of b");
  EXPECT_EQ(sent().size(), 2U);
  EXPECT_NE(last_result(b).find(R"("request_id":"1")"), std::string::npos);
  EXPECT_NE(last_result(b).find(R"("message_id":"m1")"), std::string::npos);
}

TEST_F(request_ids, TheSameActionGetsTheRecordedResultAlsoOverAReconnect) {
  auto a = attach(1);
  asks(a, "1", "c", "hi");
  asks(a, "1", "c", "hi");
  EXPECT_EQ(of(a, "result").size(), 2U);
  a.socket->end();
  settle();
  auto again = attach(2);
  asks(again, "1", "c", "hi");
  EXPECT_NE(last_result(again).find(R"("message_id":"m0")"), std::string::npos);
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(request_ids, AnotherActionUnderTheSameIdIsRefused) {
  auto a = attach(1);
  asks(a, "1", "c", "hi");
  asks(a, "1", "other", "hi");
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_NE(last_result(a).find("request_id_conflict"), std::string::npos);
  EXPECT_EQ(last_result(a).find("ambiguous\":true"), std::string::npos);
  asks(a, "1", "c", "hi");
  EXPECT_NE(last_result(a).find(R"("message_id":"m0")"), std::string::npos) << "the record is as it was";
  EXPECT_EQ(env.log->count("egress.request_id_conflict"), 1U);
}

TEST_F(request_ids, ANamedAgentKeepsItsIdsOverReconnects) {
  auto a = attach(1);
  say(a, "{\"type\":\"hello\",\"name\":\"alice\"}\n");
  asks(a, "1", "c", "hi");
  a.socket->end();
  settle();
  auto again = attach(2);
  say(again, "{\"type\":\"hello\",\"name\":\"alice\"}\n");
  asks(again, "1", "c", "hi");
  EXPECT_NE(last_result(again).find(R"("message_id":"m0")"), std::string::npos);
  asks(again, "1", "other", "hi");
  EXPECT_NE(last_result(again).find("request_id_conflict"), std::string::npos);
  EXPECT_EQ(env.log->count("egress.request_id_conflict"), 1U);
  auto bob = attach(3);
  say(bob, "{\"type\":\"hello\",\"name\":\"bob\"}\n");
  asks(bob, "1", "c", "hi");
  EXPECT_EQ(sent().size(), 2U) << "another agent's id";
}

std::string nameless(const std::string& chat, const std::string& text) {
  return R"({"type":"action","platform":"discord","action":{"op":"send","chat_id":")" + chat +
         R"(","content":")" + text + "\"}}\n";
}

TEST_F(request_ids, OfActionsWithoutIdsEachAgentHearsOfItsOwn) {
  auto a = attach(1);
  auto b = attach(2);
  say(a, nameless("c", "of a"));
  say(b, nameless("d", "of b"));
  say(b, nameless("d", "of b, too"));
  ASSERT_EQ(sent().size(), 2U);
  answers(1, "of b"); // before the other one, whose chat takes its time
  EXPECT_EQ(of(a, "result").size(), 0U);
  ASSERT_EQ(of(b, "result").size(), 1U);
  EXPECT_NE(last_result(b).find(R"("message_id":"of b")"), std::string::npos);
  answers(0, "of a");
  ASSERT_EQ(of(a, "result").size(), 1U);
  EXPECT_NE(last_result(a).find(R"("message_id":"of a")"), std::string::npos);
  answers(2, "of b, too");
  ASSERT_EQ(of(b, "result").size(), 2U);
  EXPECT_NE(last_result(b).find(R"("message_id":"of b, too")"), std::string::npos);
  EXPECT_EQ(of(a, "result").size(), 1U);
}

TEST_F(request_ids, NobodyHearsWhatBecameOfAnActionOfAnAgentThatWent) {
  auto a = attach(1);
  say(a, nameless("c", "of a"));
  a.socket->end();
  settle();
  auto b = attach(2);
  say(b, nameless("d", "of b"));
  answers(1, "of b");
  ASSERT_EQ(of(b, "result").size(), 1U);
  EXPECT_NE(last_result(b).find(R"("message_id":"of b")"), std::string::npos);
  answers(0, "of a");
  EXPECT_EQ(of(b, "result").size(), 1U);
}

TEST_F(request_ids, DeathOfTheRouterTellsBothOnce) {
  auto a = attach(1);
  auto b = attach(2);
  say(a, nameless("c", "of a"));
  say(b, nameless("d", "of b"));
  kill("egress-router");
  advance(10s);
  for (auto* x : {&a, &b}) {
    ASSERT_EQ(of(*x, "result").size(), 1U);
    EXPECT_NE(last_result(*x).find("ambiguous"), std::string::npos);
  }
}

// The router keeps only so many repeats waiting; who is beyond that hears at once, and nobody else does.
TEST_F(few_pending, WhoAsksBeyondTheRepeatsThatMayWaitIsAnsweredAtOnceAndAlone) {
  auto a = attach(1);
  auto b = attach(2);
  auto c = attach(3);
  auto d = attach(4);
  for (auto* x : {&a, &b, &c}) say(*x, send_action("1", "c", "hi"));
  say(d, send_action("1", "other", "hi"));
  EXPECT_EQ(of(a, "result").size() + of(b, "result").size(), 0U);
  ASSERT_EQ(of(c, "result").size(), 1U);
  EXPECT_NE(last_result(c).find("ambiguous"), std::string::npos) << "it is under way";
  ASSERT_EQ(of(d, "result").size(), 1U);
  EXPECT_NE(last_result(d).find("request_id_conflict"), std::string::npos);
  answer_all();
  EXPECT_EQ(sent().size(), 1U);
  for (auto* x : {&a, &b}) {
    ASSERT_EQ(of(*x, "result").size(), 1U);
    EXPECT_NE(last_result(*x).find(R"("message_id":"m0")"), std::string::npos);
  }
}

TEST_F(request_ids, ANameIsAText) {
  auto a = attach(1);
  say(a, "{\"type\":\"hello\",\"name\":7}\n");
  ASSERT_EQ(of(a, "error").size(), 1U);
  EXPECT_NE(of(a, "error")[0].find("name"), std::string::npos);
}

TEST_F(exec_test, AChildThatStartsAgainAtOneIsNotToldOfItsPredecessorsSends) {
  // What a child without a name uses again for another action is refused; a name that is new each time is the
  // way out.
  start_running();
  say(send_action("1", "c", "one"));
  answer_all();
  end();
  advance(1s);
  run();
  say(send_action("1", "d", "two"));
  answer_all();
  EXPECT_EQ(sent().size(), 1U);
  ASSERT_EQ(of("result").size(), 1U);
  EXPECT_NE(of("result")[0].find("request_id_conflict"), std::string::npos);
  say("{\"type\":\"hello\",\"name\":\"second run\"}\n");
  say(send_action("1", "d", "two"));
  answer_all();
  EXPECT_EQ(sent().size(), 2U);
  ASSERT_EQ(of("result").size(), 2U);
  EXPECT_NE(of("result")[1].find(R"("message_id":"m1")"), std::string::npos);
}

TEST_F(exec_test, TheLastLineCountsWithoutItsEnd) {
  start_running();
  arrives("c", "hello", "1");
  auto in = of("inbound").at(0);
  say(R"({"type":"ack","delivery_id":")" + field(in, "delivery_id") + "\"}");
  EXPECT_EQ(report().inbound.pending, 1U) << "the line may still go on";
  end("exited with code 0");
  EXPECT_EQ(report().inbound.pending, 0U);
}

class hung_agent : public linked_test {
protected:
  void SetUp() override {
    linked_test::SetUp();
    settings.limits.agent_ack_timeout = 10s;
    start(with::link);
    handshake();
  }
};

TEST_F(hung_agent, AMissedAckMovesTheSessionToAnotherAgent) {
  auto hung = attach(1);
  auto healthy = attach(2);
  env.link->last().say(event("discord", "c", "one", "1"));
  settle();
  ASSERT_EQ(of(hung, "inbound").size(), 1U);
  advance(10s);
  EXPECT_EQ(of(hung, "inbound").size(), 1U);
  ASSERT_EQ(of(healthy, "inbound").size(), 1U);
  ack(healthy, of(healthy, "inbound")[0]);
  env.link->last().say(event("discord", "c", "two", "2") + event("discord", "new", "three", "3"));
  settle();
  EXPECT_EQ(of(healthy, "inbound").size(), 3U) << "the session stays, and a new one avoids who hangs";
}

TEST_F(hung_agent, OnlyWhenNoneIsLeftTheSameOneIsTriedAgain) {
  auto a = attach(1);
  auto b = attach(2);
  env.link->last().say(event("discord", "c", "one", "1"));
  settle();
  advance(10s);
  EXPECT_EQ(of(a, "inbound").size(), 1U);
  EXPECT_EQ(of(b, "inbound").size(), 1U);
  advance(10s);
  EXPECT_EQ(of(a, "inbound").size() + of(b, "inbound").size(), 3U);
}

TEST_F(hung_agent, AStatusThatItSetIsClearedWhenItDies) {
  auto a = attach(1);
  auto typing = [](const std::string& chat, const std::string& text) {
    return R"({"type":"action","request_id":"t)" + chat + text +
           R"(","platform":"discord","action":{"op":"typing","chat_id":")" + chat + R"(","content":")" +
           text + "\",\"metadata\":{\"thread_id\":\"9\"}}}\n";
  };
  say(a, typing("c", "thinks") + typing("d", "reads"));
  answer_all();
  say(a, send_action("s", "d", "done"));
  answer_all();
  auto before = sent().size();
  a.socket->end();
  settle();
  ASSERT_EQ(sent().size(), before + 1) << "what was answered shows nothing any more";
  auto clear = sent().back();
  EXPECT_NE(clear.find(R"("op":"typing")"), std::string::npos);
  EXPECT_NE(clear.find(R"("content":"")"), std::string::npos);
  EXPECT_NE(clear.find(R"("chat_id":"c")"), std::string::npos);
  EXPECT_NE(clear.find(R"("thread_id":"9")"), std::string::npos);
}

} // namespace
} // namespace relay::testing
