// Every typed constructor makes an action that the codec takes as it is, and check() names what is wrong.
#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <gtest/gtest.h>

#include <set>

namespace relay::wire {
namespace action_makers_test {

std::vector<action> one_of_each() {
  return {
      send("c", "hi", "m", R"({"k":1})"),
      edit("c", "m", "new"),
      typing("c"),
      typing_clear("c"),
      follow_up("agent:main:slack:dm:c", "slack.reply", "x"),
      get_chat_info("c"),
      send_media("c", media_kind::voice, "https://x.example/a.ogg", {.content = "cap", .filename = "a.ogg"}),
      prompt("c", prompt_kind::choice, "which?", {{"a", "A", ""}, {"b", "B", "danger"}},
             {.prompt_id = "n.00000001", .timeout_s = 60}),
      react("c", "m", "x", true),
      remove_message("c", "m"),
      draft("c", 7, "so far", false),
      task_card("c", "card", R"([{"t":1}])"),
      task_card_stop("c", "card"),
      thread_create("c", "name", "m"),
      thread_rename("c", "t", "name", "old", {}, true)};
}

TEST(ActionMakers, EveryOpHasAConstructorWhoseResultIsValidAndRoundTrips) {
  std::set<op> seen;
  for (auto& x : one_of_each()) {
    EXPECT_EQ(check(x), "") << to_string(x.kind);
    auto back = decode_action(encode_action(x));
    ASSERT_TRUE(back) << back.error;
    EXPECT_EQ(encode_action(back.value), encode_action(x));
    EXPECT_TRUE(back.value == x) << to_string(x.kind) << ": what the gateway reads of it is what was made";
    seen.insert(x.kind);
  }
  EXPECT_EQ(seen.size(), op_count);
}

TEST(ActionMakers, AGuardOfARenameIsABoolean) {
  auto x = thread_rename("c", "t", "name", {}, {}, true);
  EXPECT_EQ(encode_action(x), R"({"op":"thread_rename","chat_id":"c","message_id":"t","thread_name":"name",)"
                              R"("only_if_connector_created":true})");
  EXPECT_EQ(encode_action(thread_rename("c", "t", "name")).find("only_if"), std::string::npos);
  read_rest(x, R"({"thread_name":"name","only_if_connector_created":"yes"})");
  EXPECT_NE(check(x).find("only_if_connector_created"), std::string::npos);
}

TEST(ActionMakers, WhatIsKnownOfAChatIsAResultLikeTheConnectors) {
  auto x = chat_info("gen\"eral", "channel");
  EXPECT_EQ(x.how, outcome::done);
  EXPECT_EQ(x.raw, R"({"success":true,"chat_info":{"name":"gen\"eral","type":"channel"}})");
  EXPECT_EQ(thread_metadata("t"), R"({"thread_id":"t"})");
  EXPECT_EQ(thread_metadata(""), "");
}

TEST(ActionMakers, F65_ClearingSaysAnEmptyContent) {
  EXPECT_EQ(encode_action(typing_clear("c")), R"({"op":"typing","chat_id":"c","content":""})");
  EXPECT_EQ(encode_action(typing("c")), R"({"op":"typing","chat_id":"c"})");
}

TEST(ActionMakers, CheckNamesTheField) {
  EXPECT_NE(check(send("", "x")).find("chat_id"), std::string::npos);
  EXPECT_NE(check(edit("c", "", "x")).find("message_id"), std::string::npos);
  EXPECT_NE(
      check(prompt("c", prompt_kind::choice, "?", {{"bad id", "x", ""}}, {.prompt_id = "p"})).find("options"),
      std::string::npos);
  EXPECT_NE(check(task_card("c", "k", "7")).find("chunks"), std::string::npos);
}

} // namespace action_makers_test
} // namespace relay::wire
