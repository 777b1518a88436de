// Interactions that come through the passthrough lane (protocol.md 5.2).
#include "messages/wire/frames.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace {

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
  EXPECT_EQ(x.text, "ask");
  EXPECT_EQ(x.type, message_type::command);
  EXPECT_EQ(x.source.platform, "discord") << "F27";
  EXPECT_EQ(x.source.chat_id, "c1");
  EXPECT_EQ(x.source.chat_type, "channel");
  EXPECT_EQ(x.source.scope_id, "g1");
  EXPECT_EQ(x.source.user_id, "u1");
  EXPECT_EQ(x.source.user_name, "ann");
  EXPECT_EQ(x.display_name(), "Annie");
  EXPECT_EQ(x.message_id, "m1");
  EXPECT_TRUE(x.delivered_via_upstream_relay);
  inbound_event again;
  std::string why;
  ASSERT_TRUE(decode_event(x.raw, again, why)) << why;
  again.delivered_via_upstream_relay = true;
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

TEST(discord, other_types_have_no_text) {
  EXPECT_EQ(event(R"({"type":5,"channel_id":"c","data":{"custom_id":"form","name":"x"}})").text, "");
  EXPECT_EQ(event(R"({"type":2,"channel_id":"c"})").text, "");
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
  EXPECT_EQ(x.source.chat_type, "channel");
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

} // namespace
} // namespace relay::wire
