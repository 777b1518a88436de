// Interactions that come through the passthrough queue (protocol.md 5.2).
#include "relay_gateway/messages/wire/frames/discord.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace discord_test {

passthrough_forward forward(std::string body) {
  passthrough_forward out;
  out.platform = "discord";
  out.body = std::move(body);
  out.authenticated = true;
  return out;
}
inbound_event event(std::string body) {
  inbound_event out;
  EXPECT_TRUE(decode_discord_interaction(forward(std::move(body)), out));
  return out;
}

TEST(discord, a_command_in_a_guild) {
  const auto x =
      event(R"({"type":2,"id":"m1","channel_id":"c1","guild_id":"g1","data":{"name":"ask"},)"
            R"("member":{"nick":"Annie","user":{"id":"u1","username":"ann"}},"user":{"id":"wrong"}})");
  EXPECT_EQ(x.text, "/ask");
  EXPECT_EQ(x.type, message_type::command);
  EXPECT_EQ(x.source.platform, "discord") << "F27";
  EXPECT_EQ(x.source.chat_id, "c1");
  EXPECT_EQ(x.source.chat_type, "group");
  EXPECT_EQ(x.source.scope_id, "g1");
  EXPECT_EQ(x.source.user_id, "u1");
  EXPECT_EQ(x.source.user_name, "ann");
  EXPECT_EQ(x.display_name(), "Annie");
  EXPECT_EQ(x.message_id, "m1");
  EXPECT_TRUE(x.delivered_via_upstream_relay);
  inbound_event again;
  std::string why;
  ASSERT_TRUE(decode_event(x.raw, again, why)) << why;
  again.delivered_via_upstream_relay = again.interaction = true;
  EXPECT_EQ(again, x) << "raw says the same";
}

TEST(discord, a_command_in_a_dm) {
  const auto x =
      event(R"({"type":2,"id":1,"channel_id":2,"data":{"name":"ask"},"user":{"id":3,"username":"ann"}})");
  EXPECT_EQ(x.source.chat_type, "dm");
  EXPECT_EQ(x.source.chat_id, "2");
  EXPECT_EQ(x.source.user_id, "3");
  EXPECT_EQ(x.source.scope_id, "");
}

TEST(discord, a_press_is_its_custom_id) {
  const auto x = event(R"({"type":3,"data":{"custom_id":"my-button"},"channel_id":"c"})");
  EXPECT_EQ(x.text, "my-button");
  EXPECT_EQ(x.type, message_type::text);
  EXPECT_FALSE(x.prompt.present);
}

TEST(discord, a_prompt_token_is_a_response_F57) {
  const auto x = event(R"({"type":3,"data":{"custom_id":"hp1:ab12.0000001f:yes"},"message":{"id":"m7"}})");
  EXPECT_EQ(x.text, "");
  EXPECT_EQ(x.prompt, (prompt_response{"ab12.0000001f", "yes", "", "m7", true}));
}

TEST(discord, what_only_looks_like_a_prompt_token_is_text) {
  for (const std::string token :
       {"hp1:", "hp1:a", "hp1::yes", "hp1:a:", "hp1:a:b c", "hp1:a:b:c", "HP1:a:b",
        "hp1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:b"}) {
    const auto x = event(R"({"type":3,"data":{"custom_id":")" + token + R"("}})");
    EXPECT_FALSE(x.prompt.present) << token;
    EXPECT_EQ(x.text, token);
  }
}

TEST(discord, the_pressed_message_is_not_the_interaction) {
  const auto x = event(R"({"type":3,"id":"i9","data":{"custom_id":"b"},"message":{"id":"m7"}})");
  EXPECT_EQ(x.message_id, "i9");
  EXPECT_EQ(x.source.message_id, "m7");
  EXPECT_EQ(event(R"({"type":2,"id":"i9","data":{"name":"a"}})").source.message_id, "");
}

TEST(discord, a_command_with_options_reads_as_it_is_typed) {
  const auto text = [](const std::string& data) { return event(R"({"type":2,"data":)" + data + "}").text; };
  EXPECT_EQ(text(R"({"name":"ask","options":[]})"), "/ask");
  EXPECT_EQ(text(R"({"name":"ask","options":[{"name":"q","type":3,"value":"why so?"},)"
                 R"({"name":"n","type":4,"value":-7},{"name":"f","type":10,"value":1.5},)"
                 R"({"name":"b","type":5,"value":true},{"name":"u","type":6,"value":"184"}]})"),
            "/ask why so? -7 1.5 true 184");
  EXPECT_EQ(text(R"({"name":"job","options":[{"name":"run","type":1}]})"), "/job run");
  EXPECT_EQ(text(R"({"name":"job","options":[{"name":"admin","type":2,"options":[{"name":"stop","type":1,)"
                 R"("options":[{"name":"id","type":3,"value":"x"}]}]}]})"),
            "/job admin stop x");
  EXPECT_EQ(
      text(R"({"name":"ask","options":[7,{"type":3},{"type":3,"value":null},{"type":"1","name":"x"}]})"),
      "/ask");
  EXPECT_EQ(
      text(
          R"({"name":"ask","options":[{"type":3,"value":""},{"type":3,"value":" "},{"type":3,"value":"x"}]})"),
      "/ask x")
      << "a value that says nothing";
  EXPECT_EQ(event(R"({"type":2,"data":{"name":"a","options":[{"type":3,"value":"b"}]}})").type,
            message_type::command);
}

TEST(discord, a_form_is_its_values_one_per_line) {
  const auto x = event(
      R"({"type":5,"data":{"custom_id":"form","components":[{"type":1,"components":[{"type":4,"custom_id":"a",)"
      R"("value":"one"}]},{"type":18,"component":{"type":4,"custom_id":"b","value":"two\nlines"}},)"
      R"({"type":1,"components":[{"type":4,"value":""},{"type":4,"value":5},9]}]}})");
  EXPECT_EQ(x.text, "one\ntwo\nlines\n");
  EXPECT_EQ(x.type, message_type::text);
  EXPECT_FALSE(x.prompt.present);
}

TEST(discord, a_form_may_answer_a_prompt_and_keeps_its_values) {
  const auto x =
      event(R"({"type":5,"id":"i1","message":{"id":"m7"},"data":{"custom_id":"hp1:ab12.0000001f:other",)"
            R"("components":[{"type":1,"components":[{"type":4,"value":"because"}]}]}})");
  EXPECT_EQ(x.prompt, (prompt_response{"ab12.0000001f", "other", "", "m7", true}));
  EXPECT_EQ(x.text, "because");
}

TEST(discord, threads_are_named_as_the_message_lane_names_them_F26) {
  for (const auto* type : {"10", "11", "12"}) {
    const auto x = event(
        R"({"type":2,"channel_id":"t1","guild_id":"g1","data":{"name":"a"},"member":{"user":{"id":"u1"}},)"
        R"("channel":{"id":"t1","name":"bugs","type":)" +
        std::string{type} + R"(,"parent_id":"c1"}})");
    EXPECT_EQ(x.source.chat_type, "thread") << type;
    EXPECT_EQ(x.source.chat_id, "t1");
    EXPECT_EQ(x.source.thread_id, "t1");
    EXPECT_EQ(x.source.parent_chat_id, "c1");
    EXPECT_EQ(x.source.chat_name, "bugs");
    inbound_event text;
    std::string why;
    ASSERT_TRUE(decode_event(
        R"({"text":"hi","source":{"platform":"discord","chat_id":"t1","chat_type":"thread","thread_id":"t1",)"
        R"("parent_chat_id":"c1","guild_id":"g1","user_id":"u1"}})",
        text, why));
    EXPECT_EQ(session_key(x.source, {}), session_key(text.source, {}));
  }
}

TEST(discord, a_channel_in_a_category_is_no_thread) {
  const auto x = event(R"({"type":2,"channel_id":"c1","guild_id":"g1","data":{"name":"a"},)"
                       R"("channel":{"id":"c1","type":0,"parent_id":"category","topic":"news"}})");
  EXPECT_EQ(x.source.chat_type, "group");
  EXPECT_EQ(x.source.thread_id, "");
  EXPECT_EQ(x.source.parent_chat_id, "");
  EXPECT_EQ(x.source.chat_topic, "news");
}

TEST(discord, names_of_a_user) {
  const auto who = [](const std::string& member) {
    return event(R"({"type":2,"data":{"name":"a"},"member":)" + member + "}").source;
  };
  auto x = who(R"({"nick":"Annie","user":{"id":"1","username":"ann","global_name":"Ann B"}})");
  EXPECT_EQ(x.user_display_name, "Annie");
  EXPECT_EQ(x.user_name, "Ann B");
  EXPECT_EQ(x.user_handle, "ann");
  x = who(R"({"nick":null,"user":{"id":"1","username":"ann","global_name":"Ann B"}})");
  EXPECT_EQ(x.user_display_name, "Ann B");
  x = who(R"({"user":{"id":"1","username":"ann","bot":true}})");
  EXPECT_EQ(x.user_display_name, "");
  EXPECT_EQ(x.user_name, "ann");
  EXPECT_TRUE(x.is_bot);
}

TEST(discord, other_types_have_no_text) {
  EXPECT_EQ(event(R"({"type":5,"channel_id":"c","data":{"custom_id":"form","name":"x"}})").text, "");
  EXPECT_EQ(event(R"({"type":2,"channel_id":"c"})").text, "");
}

TEST(discord, an_autocomplete_yields_nothing) {
  inbound_event out;
  EXPECT_FALSE(decode_discord_interaction(
      forward(R"({"type":4,"id":"i1","channel_id":"c","guild_id":"g","member":{"user":{"id":"u1"}},)"
              R"("data":{"name":"ask","options":[{"name":"q","type":3,"value":"wh","focused":true}]}})"),
      out));
  EXPECT_EQ(out, inbound_event{}) << "untouched";
}

TEST(discord, pings_and_junk_yield_nothing) {
  inbound_event out;
  for (const std::string body : {R"({"type":1})", "", "[]", "null", "{}", R"({"type":"2"})", R"({"type":-3})",
                                 "{\"type\":2", R"({"type":2.5})", "\xFF\xFE"})
    EXPECT_FALSE(decode_discord_interaction(forward(body), out)) << body;
  EXPECT_EQ(out, inbound_event{}) << "untouched";
}

TEST(discord, wrong_types_inside_do_no_harm) {
  const auto x =
      event(R"({"type":2,"id":{},"channel_id":[],"guild_id":5,"data":{"name":{}},"member":7,"user":[]})");
  EXPECT_EQ(x.source.chat_type, "group");
  EXPECT_EQ(x.source.scope_id, "5");
  EXPECT_EQ(x.source.chat_id, "");
  EXPECT_EQ(x.text, "");
}

TEST(discord, the_profile_is_the_forwards) {
  auto x = forward(R"({"type":2,"data":{"name":"a"}})");
  x.profile = "coder";
  inbound_event out;
  ASSERT_TRUE(decode_discord_interaction(x, out));
  EXPECT_EQ(out.source.profile, "coder");
}

} // namespace discord_test
} // namespace relay::wire
