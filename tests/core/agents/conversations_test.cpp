// Sessions of an agent that asks a model: order, turns, bounds.
#include "relay_gateway/actors/agents/core/conversations.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace conversations_test {

using strings = std::vector<std::string>;

open_question question(const std::string& id) {
  return {id, "discord", "1", "u", "asked " + id, "\"" + id + "\""};
}

TEST(Conversations, OneQuestionOfASessionAtATime) {
  conversations all;
  all.loaded("s", {});
  all.add("s", question("1"));
  all.add("s", question("2"));
  EXPECT_EQ(all.start(), strings{"s"});
  EXPECT_TRUE(all.start().empty());
  EXPECT_TRUE(all.has("s", "2"));
  all.finished("s", "answer 1");
  EXPECT_FALSE(all.has("s", "1"));
  EXPECT_EQ(all.start(), strings{"s"});
  EXPECT_EQ(all.find("s")->past, (std::vector<chat_exchange>{{"asked 1", "answer 1"}}));
  all.finished("s", "");
  EXPECT_EQ(all.find("s")->past.size(), 1U) << "what was not answered is not told";
  EXPECT_EQ(all.questions(), 0U);
}

TEST(Conversations, SessionsTakeTurns) {
  conversation_bounds few;
  few.running = 2;
  conversations all{few};
  for (const char* s : {"a", "b", "c"}) {
    all.loaded(s, {});
    all.add(s, question("1"));
    all.add(s, question("2"));
  }
  EXPECT_EQ(all.start(), (strings{"a", "b"}));
  all.finished("a", "x");
  EXPECT_EQ(all.start(), strings{"c"}) << "before the second of the first";
  all.finished("b", "x");
  EXPECT_EQ(all.start(), strings{"a"});
  EXPECT_EQ(all.running(), 2U);
}

TEST(Conversations, WaitForWhatTheStoreHas) {
  conversations all;
  all.add("s", question("2"));
  EXPECT_TRUE(all.start().empty());
  EXPECT_FALSE(all.is_known("s"));
  all.loaded("s", {{{"old", "answer"}}, {question("1"), question("2")}});
  EXPECT_EQ(all.start(), strings{"s"});
  ASSERT_EQ(all.find("s")->open.size(), 2U) << "no question twice";
  EXPECT_EQ(all.find("s")->open[0].delivery_id, "1") << "the older one first";
  all.loaded("s", {});
  EXPECT_EQ(all.find("s")->past.size(), 1U) << "only once";
}

TEST(Conversations, HistoryIsBoundedByNumberAndBytes) {
  conversation_bounds small;
  small.exchanges = 3;
  small.bytes = 40;
  conversations all{small};
  all.loaded("s", {});
  const auto turn = [&](const std::string& answer) {
    all.add("s", question("x")); // asked: 7 bytes
    all.start();
    all.finished("s", answer);
    return all.find("s")->past.size();
  };
  EXPECT_EQ(turn("1"), 1U);
  EXPECT_EQ(turn("2"), 2U);
  EXPECT_EQ(turn("3"), 3U);
  EXPECT_EQ(turn("4"), 3U);
  EXPECT_EQ(all.find("s")->past[0].answered, "2");
  EXPECT_EQ(turn(std::string(20, 'x')), 2U);
  EXPECT_EQ(turn(std::string(100, 'x')), 0U) << "it alone is too long";
  small.exchanges = 0;
  conversations none{small};
  none.loaded("s", {{{"a", "b"}}, {}});
  EXPECT_TRUE(none.find("s") == nullptr || none.find("s")->past.empty());
}

TEST(Conversations, WhatWasStoredCountsAsItsOwnersDo) {
  conversations all;
  all.add("s", question("3"));
  all.loaded("s", {{}, {question("1"), question("2"), question("3")}});
  EXPECT_EQ(all.questions(), 3U) << "one of them was there already";
  all.start();
  for (const auto* answer : {"a", "b", "c"}) {
    all.finished("s", answer);
    all.start();
  }
  EXPECT_EQ(all.questions(), 0U);
}

TEST(Conversations, ForgetAndDrop) {
  conversations all;
  all.loaded("s", {{{"a", "b"}}, {}});
  EXPECT_TRUE(all.forget("s"));
  EXPECT_FALSE(all.forget("s"));
  EXPECT_FALSE(all.forget("other"));
  for (const char* id : {"1", "2", "3"}) all.add("s", question(id));
  all.start();
  all.drop_waiting("s");
  EXPECT_EQ(all.questions(), 1U);
  all.finished("s", "x");
  EXPECT_TRUE(all.start().empty());
  all.add("s", question("4"));
  all.drop_waiting("s");
  EXPECT_TRUE(all.start().empty()) << "none of it had begun";
  EXPECT_EQ(all.questions(), 0U);
}

TEST(Conversations, ASessionHasRoomForSomeQuestions) {
  conversation_bounds small;
  small.waiting = 2;
  conversations all{small};
  all.loaded("s", {});
  for (const char* id : {"1", "2", "3"}) {
    EXPECT_TRUE(all.has_room("s")) << id;
    all.add("s", question(id));
  }
  EXPECT_FALSE(all.has_room("s"));
  EXPECT_TRUE(all.has_room("t"));
}

TEST(Conversations, IdleOnesAreForgottenOldestFirst) {
  conversation_bounds small;
  small.sessions = 3;
  conversations all{small};
  for (const char* s : {"a", "b", "c", "d"}) all.loaded(s, {{{"q", s}}, {}});
  EXPECT_EQ(all.sessions(), 3U);
  EXPECT_FALSE(all.is_known("a")) << "its store has it";
  all.add("b", question("1"));
  all.start();
  all.loaded("e", {});
  all.loaded("f", {});
  EXPECT_TRUE(all.is_known("b")) << "it is at work";
  EXPECT_FALSE(all.is_known("c"));
  small.total = 1000;
  conversations little{small};
  little.loaded("a", {{{"q", std::string(500, 'x')}}, {}});
  little.loaded("b", {{{"q", std::string(500, 'x')}}, {}});
  EXPECT_EQ(little.sessions(), 1U);
}

} // namespace conversations_test
} // namespace relay::core
