// The agent that asks a model, in its tree and on virtual time.
#include "relay_gateway/tests/actors/agents/model_fixture.hpp"

namespace relay::testing {
namespace {

class openai_agent_test : public model_test {};

TEST_F(openai_agent_test, AnEventIsAQuestionAndItsAnswerOneMessage) {
  what.system = "Be brief.";
  what.key.value = secret{"sk-key"};
  start_model();
  says("hi", "1");
  ASSERT_EQ(streams->all.size(), 1U);
  const auto& call = asked(0).what;
  EXPECT_EQ(call.url, "http://model.example/v1/chat/completions");
  EXPECT_EQ(call.bearer, secret{"sk-key"});
  EXPECT_EQ(call.body.reveal(), R"({"model":"tiny","messages":[{"role":"system","content":"Be brief."},)"
                                R"({"role":"user","content":"hi"}],"stream":true})");
  EXPECT_EQ(texts("typing").size(), 1U);
  EXPECT_EQ(env.metrics->get("events_acked_total"), 1U) << "it is the agent's";
  asked(0).answer("hello");
  settle();
  EXPECT_EQ(texts("send"), strings{"hello"});
  answer_all();
  says("more", "2");
  EXPECT_NE(asked(1).what.body.reveal().find(
                R"({"role":"user","content":"hi"},{"role":"assistant","content":"hello"})"),
            std::string::npos);
  EXPECT_EQ(env.metrics->get("model_answers_total{complete}"), 1U);
  EXPECT_EQ(env.metrics->times["relay_gateway_model_first_token_seconds"].size(), 1U);
}

TEST_F(openai_agent_test, ItGrowsByEditsAtThePlatformsPace) {
  start_model();
  says("hi", "1");
  asked(0).begin();
  asked(0).say("Once");
  settle();
  EXPECT_EQ(asked(0).taken, 1) << "the next piece is wanted";
  EXPECT_TRUE(texts("send").empty());
  advance(750ms);
  EXPECT_EQ(texts("send"), strings{"Once"});
  answer_all();
  asked(0).say(" upon");
  asked(0).say(" a");
  settle();
  advance(2s);
  EXPECT_EQ(texts("edit"), strings{"Once upon a"}) << "what piles up is one edit";
  answer_all();
  asked(0).say(" time", R"("stop")");
  asked(0).end();
  settle();
  EXPECT_EQ(texts("edit").back(), "Once upon a time");
  answer_all();
  EXPECT_EQ(texts("send").size(), 1U);
  EXPECT_EQ(env.metrics->gauges["relay_gateway_model_turns"], 0);
}

TEST_F(openai_agent_test, ItTypesUntilSomethingIsThere) {
  start_model();
  says("hi", "1");
  advance(5s);
  answer_all();
  advance(4s);
  answer_all();
  EXPECT_EQ(texts("typing").size(), 3U) << "at once, after 4 s and 8 s";
  asked(0).begin();
  asked(0).say("x");
  settle();
  advance(1s);
  answer_all();
  const auto typed = texts("typing").size();
  advance(4s);
  EXPECT_EQ(texts("typing").size(), typed);
}

TEST_F(openai_agent_test, AnInterruptEndsTheRequest) {
  start_model();
  says("hi", "1");
  asked(0).begin();
  asked(0).say("Once");
  settle();
  advance(1s);
  answer_all();
  says("behind it", "2");
  env.link->last().say(R"({"type":"interrupt_inbound","session_key":"agent:main:discord:dm:1","chat_id":"1"})"
                       "\n");
  settle();
  EXPECT_TRUE(asked(0).dropped);
  EXPECT_EQ(streams->all.size(), 1U) << "what waited behind it is stopped, too";
  asked(0).say("too late");
  asked(0).end(0);
  settle();
  answer_all();
  EXPECT_EQ(texts("send"), strings{"Once"});
  EXPECT_EQ(env.metrics->get("model_answers_total{stopped}"), 1U);
  env.link->last().say(R"({"type":"interrupt_inbound","session_key":"agent:main:discord:dm:9","chat_id":"9"})"
                       "\n");
  settle();
  EXPECT_EQ(env.metrics->get("interrupts_unknown_total"), 1U);
}

TEST_F(openai_agent_test, ABusyServerIsAskedAgainNotBeforeItsTime) {
  start_model();
  says("hi", "1");
  asked(0).end(429, "{}", "20");
  settle();
  ASSERT_EQ(texts("send").size(), 1U);
  EXPECT_NE(texts("send")[0].find("in 20 seconds"), std::string::npos);
  answer_all();
  says("again", "2");
  advance(19s);
  EXPECT_EQ(streams->all.size(), 1U);
  advance(2s);
  ASSERT_EQ(streams->all.size(), 2U);
  EXPECT_EQ(env.metrics->get("waits_asked_total{model}"), 1U);
}

TEST_F(openai_agent_test, TimeOutsAreOneMessageAndTheKeyStaysHere) {
  what.key.value = secret{"sk-key"};
  start_model();
  says("one", "1", "1");
  says("two", "2", "2");
  asked(1).end(401, R"({"error":{"message":"bad key sk-key"}})");
  settle();
  advance(11s);
  answer_all();
  ASSERT_EQ(texts("send").size(), 2U);
  EXPECT_TRUE(asked(0).dropped);
  EXPECT_NE(texts("send")[1].find("did not begin"), std::string::npos);
  for (const auto& line : env.log->lines) EXPECT_EQ(line.text.find("sk-key"), std::string::npos) << line.text;
  for (const auto& frame : env.link->last().written) EXPECT_EQ(frame.find("sk-key"), std::string::npos);
  EXPECT_EQ(env.metrics->get("model_answers_total{no_token}"), 1U);
  EXPECT_EQ(env.metrics->get("model_answers_total{refused}"), 1U);
}

TEST_F(openai_agent_test, AKeyFileIsReadAtEachUse) {
  what.key.file = "/key";
  env.machine->files["/key"] = "one";
  start_model();
  says("a", "1");
  EXPECT_EQ(asked(0).what.bearer, secret{"one"});
  asked(0).answer("x");
  settle();
  answer_all();
  env.machine->files.clear();
  says("b", "2");
  EXPECT_EQ(streams->all.size(), 1U);
  EXPECT_NE(texts("send").back().find("cannot be reached"), std::string::npos);
}

TEST_F(openai_agent_test, AQuestionOutlivesTheProcess) {
  start_model();
  says("first", "1");
  asked(0).answer("one");
  settle();
  answer_all();
  says("second", "2");
  asked(1).begin();
  asked(1).say("tw");
  settle();
  advance(1s);
  answer_all();
  die();
  start_model();
  ASSERT_EQ(streams->all.size(), 3U) << "it is asked again";
  EXPECT_NE(asked(2).what.body.reveal().find(R"("one"},{"role":"user","content":"second"})"),
            std::string::npos);
  asked(2).answer("two");
  settle();
  answer_all();
  EXPECT_EQ(texts("send"), strings{}) << "the message that showed its beginning is edited";
  EXPECT_EQ(texts("edit"), strings{"two"});
  EXPECT_FALSE(disk->disk.conversations.begin()->second.open);
  die();
  start_model();
  EXPECT_EQ(streams->all.size(), 3U);
  says("second", "2");
  EXPECT_EQ(streams->all.size(), 3U) << "a repeat";
}

TEST_F(openai_agent_test, WhatIsDecidedIsSaidOnceOverACrash) {
  start_model();
  says("hi", "1");
  asked(0).answer("hello");
  settle();
  EXPECT_EQ(texts("send"), strings{"hello"}) << "and no result comes";
  die();
  start_model();
  EXPECT_EQ(streams->all.size(), 1U) << "the model is not asked again";
  EXPECT_EQ(texts("send"), strings{}) << "it may have arrived";
  EXPECT_FALSE(disk->disk.conversations.begin()->second.open);
  says("more", "2");
  EXPECT_NE(asked(1).what.body.reveal().find("hello"), std::string::npos) << "the history has it";
}

TEST_F(openai_agent_test, WhatIsDecidedIsSaidThoughACrashKeptItsActionFromTheDisk) {
  start_model();
  says("hi", "1");
  disk->hold();
  asked(0).answer("hello");
  settle();
  ASSERT_EQ(texts("send"), strings{}) << "it waits for the disk";
  die(1); // the decision is there
  start_model();
  EXPECT_EQ(streams->all.size(), 1U) << "the model is not asked again";
  EXPECT_EQ(texts("send"), strings{"hello"});
}

TEST_F(openai_agent_test, AQuestionIsOnDiskBeforeItIsAcknowledged) {
  start_model();
  std::vector<std::string> order;
  disk->sees = [&](const store_record& x) {
    if (const auto* kept = std::get_if<conversation_kept>(&x); kept && kept->open) order.emplace_back("kept");
    if (std::holds_alternative<event_settled>(x)) order.emplace_back("settled");
  };
  says("hi", "1");
  ASSERT_GE(order.size(), 2U);
  EXPECT_EQ(order[0], "kept");
  EXPECT_EQ(order[1], "settled");
}

TEST_F(openai_agent_test, WithoutADiskAStopIsToldToTheChat) {
  start_model(false);
  says("hi", "1");
  asked(0).begin();
  settle();
  caf::anon_send(root, command::drain);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_TRUE(asked(0).dropped);
  ASSERT_EQ(texts("send").size(), 1U);
  EXPECT_NE(texts("send")[0].find("stops"), std::string::npos);
}

TEST_F(openai_agent_test, ASessionHasABoundAndTheRestWaitsWhereItCameFrom) {
  what.bounds.waiting = 1;
  start_model();
  for (int n = 1; n <= 4; ++n) says("q" + std::to_string(n), std::to_string(n));
  EXPECT_EQ(env.metrics->get("events_acked_total"), 2U);
  for (std::size_t n = 0; n < 4; ++n) {
    ASSERT_EQ(streams->all.size(), n + 1);
    asked(n).answer("a");
    settle();
    answer_all();
  }
  EXPECT_EQ(env.metrics->get("events_acked_total"), 4U);
  EXPECT_NE(asked(3).what.body.reveal().find("q4"), std::string::npos) << "in order";
}

TEST_F(openai_agent_test, ItsCommandsAreInTheManifest) {
  start_model();
  advance(1s);
  std::string hellos;
  for (const auto& x : env.link->last().written)
    if (x.find("\"hello\"") != std::string::npos) hellos += x;
  EXPECT_NE(hellos.find(R"("name":"stop")"), std::string::npos) << hellos;
  EXPECT_NE(hellos.find(R"("name":"new")"), std::string::npos);
}

} // namespace
} // namespace relay::testing
