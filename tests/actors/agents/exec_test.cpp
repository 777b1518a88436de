// The exec agent (agent-link.md): one child that is kept running, and what becomes of its events.
#include "relay_gateway/tests/actors/agents/exec_fixture.hpp"

namespace relay::testing {
namespace {

using exec = exec_test;

bool redelivered(const std::string& frame) {
  return frame.find(R"("redelivered":true)") != std::string::npos;
}

TEST_F(exec, ReadyDeliveryAckActionResult) {
  start_exec();
  handshake();
  EXPECT_EQ(child().request.argv, (std::vector<std::string>{"agent", "--fast"}));
  arrives("c", "hello", "1");
  EXPECT_TRUE(child().written.empty()) << "it does not run yet";
  EXPECT_EQ(report().inbound.agents, 0U);
  run();
  ASSERT_EQ(of("ready").size(), 1U);
  EXPECT_NE(of("ready")[0].find(R"("platform":"telegram")"), std::string::npos);
  ASSERT_EQ(of("inbound").size(), 1U);
  auto in = of("inbound")[0];
  EXPECT_FALSE(redelivered(in));
  ack(in);
  EXPECT_EQ(report().inbound.pending, 0U);
  say(R"({"type":"action","request_id":"q1","delivery_id":")" + field(in, "delivery_id") +
      R"(","action":{"op":"send","chat_id":"c","content":"hi"}})"
      "\n");
  ASSERT_EQ(sent().size(), 1U);
  answer_all();
  ASSERT_EQ(of("result").size(), 1U);
  EXPECT_NE(of("result")[0].find(R"("request_id":"q1")"), std::string::npos);
  auto all = report();
  EXPECT_EQ(all.agent, "exec");
  EXPECT_EQ(all.inbound.agents, 1U);
}

TEST_F(exec, UnackedEventGoesToTheNewChild) {
  start_running();
  arrives("c", "hello", "1");
  auto before = of("inbound").at(0);
  say("{\"type\":\"hello\"}\n");
  end();
  EXPECT_EQ(report().inbound.agents, 0U);
  EXPECT_EQ(children->all.size(), 1U) << "not at once";
  advance(1s);
  ASSERT_EQ(children->all.size(), 2U);
  EXPECT_TRUE(child().written.empty());
  run();
  ASSERT_EQ(of("inbound").size(), 1U);
  EXPECT_TRUE(redelivered(of("inbound")[0]));
  EXPECT_EQ(field(of("inbound")[0], "delivery_id"), field(before, "delivery_id"));
  ack(of("inbound")[0]);
  EXPECT_EQ(report().inbound.pending, 0U);
  EXPECT_EQ(env.metrics->get("agent_restarts_total"), 1U);
  EXPECT_EQ(env.log->count("agent.exited"), 1U);
}

TEST_F(exec, F11_ACrashLoopBacksOffAndAStableLifeResetsIt) {
  start_running();
  std::vector<milliseconds> pauses;
  for (int n = 0; n < 8; ++n) {
    end();
    milliseconds pause{0};
    for (auto had = children->all.size(); children->all.size() == had && pause < 60s; pause += 50ms)
      advance(50ms, 50ms);
    pauses.push_back(pause);
    run();
  }
  for (std::size_t n = 0; n < pauses.size(); ++n) {
    auto top = std::min<milliseconds>(1s * (1 << n), 30s);
    EXPECT_GE(pauses[n], top / 2) << n;
    EXPECT_LE(pauses[n], top + 50ms) << n;
  }
  advance(30s);
  end();
  auto had = children->all.size();
  advance(1s);
  EXPECT_EQ(children->all.size(), had + 1) << "it lived long enough to be started like a first one";
}

TEST_F(exec, AProgramThatCannotStartUsesUpNoDelivery) {
  start_exec();
  handshake();
  arrives("c", "hello", "1");
  for (int n = 0; n < 10; ++n) {
    end("it cannot be started: there is no program agent on PATH");
    advance(31s);
  }
  EXPECT_EQ(report().inbound.dead_letters, 0U);
  ASSERT_EQ(children->all.size(), 11U);
  run();
  advance(1s);
  ASSERT_EQ(of("inbound").size(), 1U);
  EXPECT_FALSE(redelivered(of("inbound")[0]));
}

TEST_F(exec, AfterAMuteDeathTheNextChildProvesItselfByAWordOrASecond) {
  start_running();
  arrives("c", "hello", "1");
  ASSERT_EQ(of("inbound").size(), 1U) << "the first one is trusted";
  for (int n = 0; n < 10; ++n) { // more often than an event is delivered
    end();
    advance(30s);
    run();
    EXPECT_EQ(of("ready").size(), 1U);
    EXPECT_TRUE(of("inbound").empty());
    advance(750ms);
    EXPECT_TRUE(of("inbound").empty());
  }
  say("{\"type\":\"hello\"}\n");
  EXPECT_EQ(of("inbound").size(), 1U);
  advance(1s);
  EXPECT_EQ(of("inbound").size(), 1U);
  end();
  advance(30s);
  run();
  EXPECT_EQ(of("inbound").size(), 1U) << "its predecessor spoke";
  end();
  advance(30s);
  run();
  advance(1s);
  EXPECT_EQ(of("inbound").size(), 1U) << "it lives";
  EXPECT_EQ(report().inbound.dead_letters, 0U);
}

TEST_F(exec, EventsWaitHereForAChildThatIsSlowToRead) {
  start_running();
  child().waiting = what.room;
  arrives("a", "one", "1");
  arrives("b", "two", "2");
  EXPECT_TRUE(of("inbound").empty());
  EXPECT_TRUE(child().wants_room);
  child().waiting = what.room / 2;
  child().listener->on_room();
  settle();
  ASSERT_EQ(of("inbound").size(), 2U);
  EXPECT_NE(of("inbound")[0].find("one"), std::string::npos);
}

TEST_F(exec, EventsThatWaitForASlowChildOutliveIt) {
  start_running();
  child().waiting = what.room;
  arrives("a", "one", "1");
  say("{\"type\":\"hello\"}\n");
  end();
  advance(1s);
  run();
  ASSERT_EQ(of("inbound").size(), 1U);
  EXPECT_NE(of("inbound")[0].find("one"), std::string::npos);
}

TEST_F(exec, WhatNoChildEverSawUsesUpNoDelivery) {
  start_running();
  child().waiting = what.room;
  arrives("a", "one", "1");
  for (int n = 0; n < 10; ++n) { // more often than an event is delivered
    say("{\"type\":\"hello\"}\n");
    end();
    advance(31s);
    child().waiting = what.room;
    run();
    EXPECT_TRUE(of("inbound").empty());
  }
  EXPECT_EQ(report().inbound.dead_letters, 0U);
  child().waiting = 0;
  child().listener->on_room();
  settle();
  ASSERT_EQ(of("inbound").size(), 1U);
  EXPECT_FALSE(redelivered(of("inbound")[0]));
}

TEST_F(exec, AnAckTakesARepeatOffThatStillWaitsForRoom) {
  settings.limits.agent_ack_timeout = 10s;
  start_running();
  arrives("a", "one", "1");
  auto in = of("inbound").at(0);
  child().waiting = what.room;
  advance(11s);
  EXPECT_EQ(of("inbound").size(), 1U) << "the repeat waits";
  ack(in);
  child().waiting = 0;
  child().listener->on_room();
  settle();
  EXPECT_EQ(of("inbound").size(), 1U);
  EXPECT_EQ(report().inbound.pending, 0U);
}

// flaky-link.json, seed 3202: it came after an operator had dropped it.
TEST_F(exec, WhatIsSetAsideDoesNotWaitForRoomAnyMore) {
  settings.limits.agent_ack_timeout = 10s;
  settings.limits.agent_max_deliveries = 2;
  start_running();
  child().waiting = what.room;
  arrives("a", "one", "1");
  advance(25s);
  EXPECT_EQ(report().inbound.dead_letters, 1U);
  arrives("a", "two", "2");
  child().waiting = 0;
  child().listener->on_room();
  settle();
  ASSERT_EQ(of("inbound").size(), 1U);
  EXPECT_NE(of("inbound")[0].find("two"), std::string::npos);
}

TEST_F(exec, AChildThatEndsGivesNothingBackThatWasSetAside) {
  settings.limits.agent_ack_timeout = 10s;
  settings.limits.agent_max_deliveries = 1;
  start_running();
  arrives("a", "one", "1");
  advance(11s);
  EXPECT_EQ(report().inbound.dead_letters, 1U);
  end();
  ASSERT_EQ(env.log->lines.back().id, "agent.exited");
  EXPECT_NE(env.log->lines.back().text.find("unacked=0 "), std::string::npos);
}

TEST_F(exec, BadAndEndlessLinesAreAnsweredAndTheChildLivesOn) {
  what.max_line = 1000;
  start_running();
  say("Traceback (most recent call last):\n" + std::string(5000, 'x'));
  say(std::string(5000, 'y') + "\n{\"type\":\"nonsense\"}\n");
  EXPECT_EQ(of("error").size(), 3U);
  EXPECT_NE(of("error").at(1).find("1000 bytes"), std::string::npos);
  EXPECT_FALSE(child().dropped);
  arrives("c", "hello", "1");
  ack(of("inbound").at(0));
  EXPECT_EQ(report().inbound.pending, 0U);
}

TEST_F(exec, WhatTheChildDeclaresIsSaidToTheConnector) {
  start_running();
  say(R"({"type":"hello","media":"path","commands":[{"name":"ask","description":"Ask"}]})"
      "\n");
  EXPECT_NE(env.link->last().written.back().find(R"("name":"ask")"), std::string::npos);
}

TEST_F(exec, NewsOfAnEarlierChildMeanNothing) {
  start_running();
  auto old = child().listener;
  end();
  advance(1s);
  old->on_open();
  old->on_bytes("{\"type\":\"nonsense\"}\n");
  old->on_batch_end();
  old->on_room();
  old->on_end({});
  settle();
  EXPECT_EQ(report().inbound.agents, 0U);
  run();
  advance(1s);
  EXPECT_EQ(report().inbound.agents, 1U);
  EXPECT_TRUE(of("error").empty());
}

TEST_F(exec, StopTellsDrainingAndEndsTheInputLastOfAll) {
  start_running();
  arrives("c", "hello", "1");
  caf::anon_send(root, command::drain);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_EQ(of("draining").size(), 1U);
  EXPECT_FALSE(child().closed) << "it still has an event";
  ack(of("inbound").at(0));
  settle();
  EXPECT_TRUE(child().closed);
  EXPECT_FALSE(child().dropped);
  EXPECT_EQ(child().limit, what.close_limit);
}

TEST_F(exec, AChildThatEndsWhileDrainingIsNotStartedAgain) {
  start_running();
  arrives("c", "hello", "1");
  caf::anon_send(root, command::drain);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  end("exited with code 0");
  advance(60s);
  EXPECT_EQ(children->all.size(), 1U);
  EXPECT_EQ(env.log->count("drain.done"), 1U);
}

TEST_F(exec, DeathOfTheActorKillsTheChildAndAnotherOneGetsItsEvents) {
  start_running();
  arrives("c", "hello", "1");
  kill("agent");
  EXPECT_TRUE(children->all.front()->dropped);
  ASSERT_EQ(children->all.size(), 2U);
  run();
  ASSERT_EQ(of("inbound").size(), 1U);
  EXPECT_TRUE(redelivered(of("inbound")[0]));
}

} // namespace
} // namespace relay::testing
