// The contract's published vectors (tests/vectors.json), all of those that concern the wire.
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace relay::wire {
namespace vectors_test {

class vectors : public ::testing::Test {
protected:
  void SetUp() override {
    std::ifstream file{RELAY_SOURCE_DIR "/tests/vectors.json"};
    std::stringstream text;
    text << file.rdbuf();
    ASSERT_TRUE(doc_.parse(text.str()));
  }
  const json::value& list(const char* name) const {
    const auto* found = json::array(doc_.root(), name);
    EXPECT_TRUE(found != nullptr && found->Size() > 0) << name;
    return *found;
  }
  json::document doc_;
};

TEST_F(vectors, upgrade_tokens_are_minted_byte_for_byte) {
  for (const auto& x : list("upgrade_tokens").GetArray()) {
    const secret key{json::text(x, "secret")};
    const auto exp = json::find(x, "exp")->GetInt64();
    EXPECT_EQ(mint_token(json::text(x, "gateway_id"), key, exp).reveal(), json::text(x, "token"));
  }
}

TEST_F(vectors, upgrade_tokens_verify_with_any_key_of_a_rotation) {
  for (const auto& x : list("upgrade_tokens").GetArray()) {
    const secret key{json::text(x, "secret")};
    const auto exp = json::find(x, "exp")->GetInt64();
    const auto token = json::text(x, "token");
    std::string id;
    EXPECT_EQ(verify_token(token, {key}, exp, id), token_check::ok);
    EXPECT_EQ(id, json::text(x, "gateway_id"));
    EXPECT_EQ(verify_token(token, {secret{"old"}, key, secret{"older"}}, exp, id), token_check::ok);
    EXPECT_EQ(verify_token(token, {secret{"old"}}, exp, id), token_check::bad_signature);
    EXPECT_EQ(verify_token(token, {key}, exp + 1, id), exp == 0 ? token_check::ok : token_check::expired);
    EXPECT_EQ(token_gateway_id(token), json::text(x, "gateway_id"));
  }
}

TEST_F(vectors, urls_are_derived) {
  for (const auto& x : list("urls").GetArray()) {
    const auto urls = derive_urls(json::text(x, "configured"));
    EXPECT_EQ(urls.dial, json::text(x, "dial"));
    EXPECT_EQ(urls.provision, json::text(x, "provision"));
    EXPECT_EQ(urls.policy, json::text(x, "policy"));
    EXPECT_EQ(urls.enroll, json::text(x, "enroll"));
    EXPECT_EQ(urls.media, json::text(x, "media"));
    EXPECT_EQ(derive_urls(urls.dial).dial, urls.dial) << "must be idempotent";
  }
}

TEST_F(vectors, session_keys) {
  for (const auto& x : list("session_keys").GetArray()) {
    std::string event = R"({"source":)";
    event += json::text_of(*json::find(x, "source"), {}) + "}";
    inbound_event from;
    std::string why;
    ASSERT_TRUE(decode_event(event, from, why)) << why;
    const session_rules rules{json::flag(x, "group_sessions_per_user"),
                              json::flag(x, "thread_sessions_per_user")};
    EXPECT_EQ(session_key(from.source, rules), json::text(x, "key")) << event;
    std::string profile = "?";
    EXPECT_TRUE(profile_of(json::text(x, "key"), profile)) << event;
    const auto named = from.source.profile == "default" ? std::string{} : from.source.profile;
    EXPECT_EQ(profile, named) << event;
  }
}

TEST(session_keys, what_is_none_names_no_profile) {
  for (const auto* text :
       {"", "agent", "agent:", "agent::discord:dm:5", "user:main:discord", "xagent:main:discord"}) {
    std::string profile = "as it was";
    EXPECT_FALSE(profile_of(text, profile)) << text;
    EXPECT_EQ(profile, "as it was");
  }
}

event_source on_slack(std::string chat_type, std::string scope) {
  event_source x;
  x.platform = "slack";
  x.chat_type = std::move(chat_type);
  x.chat_id = "C1";
  x.scope_id = std::move(scope);
  x.user_id = "U1";
  return x;
}

TEST(session_keys, a_workspace_is_part_of_the_key_on_slack_only) {
  EXPECT_EQ(session_key(on_slack("dm", "W1"), {}), "agent:main:slack:dm:W1:C1");
  EXPECT_EQ(session_key(on_slack("group", "W1"), {}), "agent:main:slack:group:W1:C1:U1");
  EXPECT_EQ(session_key(on_slack("dm", ""), {}), "agent:main:slack:dm:C1") << "of an older connector";
  auto without_chat = on_slack("dm", "W1");
  without_chat.chat_id.clear();
  EXPECT_EQ(session_key(without_chat, {}), "agent:main:slack:dm:W1:U1");
  auto elsewhere = on_slack("group", "W1");
  elsewhere.platform = "discord";
  EXPECT_EQ(session_key(elsewhere, {}), "agent:main:discord:group:C1:U1");
  inbound_event older;
  std::string why;
  ASSERT_TRUE(decode_event(
      R"({"source":{"platform":"slack","chat_type":"dm","chat_id":"C1","user_id":"U1","guild_id":"W1"}})",
      older, why));
  EXPECT_EQ(session_key(older.source, {}), "agent:main:slack:dm:W1:C1") << "its older name";
}

TEST(session_keys, a_top_level_message_on_slack_is_a_session_of_its_own) {
  const auto dm = on_slack("dm", "W1"), group = on_slack("group", "W1");
  EXPECT_EQ(session_key(dm, {}, "17.1"), "agent:main:slack:dm:W1:C1:17.1");
  EXPECT_EQ(session_key(group, {}, "17.1"), "agent:main:slack:group:W1:C1:17.1");
  EXPECT_EQ(session_key(group, {.thread_sessions_per_user = true}, "17.1"),
            "agent:main:slack:group:W1:C1:17.1:U1");
  auto reply = group;
  reply.thread_id = "17.1";
  EXPECT_EQ(session_key(reply, {}, "17.2"), session_key(group, {}, "17.1")) << "what follows in its thread";
  auto opener = group;
  opener.prospective_thread_id = "17.9";
  EXPECT_EQ(session_key(opener, {}, "17.1"), "agent:main:slack:thread:W1:C1:17.9");
  const session_rules shared{.slack_message_threads = false};
  EXPECT_EQ(session_key(dm, shared, "17.1"), "agent:main:slack:dm:W1:C1");
  EXPECT_EQ(session_key(group, shared, "17.1"), "agent:main:slack:group:W1:C1:U1");
  auto elsewhere = dm;
  elsewhere.platform = "telegram";
  EXPECT_EQ(session_key(elsewhere, {}, "17.1"), "agent:main:telegram:dm:C1");
}

TEST(session_keys, a_press_is_no_message) {
  inbound_event x;
  x.source.message_id = "17.0";
  EXPECT_EQ(session_message(x), "17.0");
  x.message_id = "17.1";
  EXPECT_EQ(session_message(x), "17.1");
  x.prompt.present = true;
  EXPECT_EQ(session_message(x), "");
  x.text = "2";
  EXPECT_EQ(session_message(x), "17.1") << "an answer that was typed";
}

TEST(session_keys, a_profile_named_main_has_its_own_sessions_F56) {
  event_source from;
  from.platform = "discord";
  from.chat_id = "5";
  EXPECT_EQ(session_key(from, {}), "agent:main:discord:dm:5");
  from.profile = "default";
  EXPECT_EQ(session_key(from, {}), "agent:main:discord:dm:5");
  from.profile = "main";
  EXPECT_EQ(session_key(from, {}), "agent:main~:discord:dm:5");
}

TEST(session_keys, say_what_kind_of_chat_an_interaction_without_a_guild_is_in) {
  event_source from;
  from.platform = "discord";
  from.chat_type = "dm";
  EXPECT_EQ(chat_type_of(from, "agent:main:discord:dm:5"), "dm");
  EXPECT_EQ(chat_type_of(from, "agent:main:discord:group:5:u1"), "group");
  EXPECT_EQ(chat_type_of(from, "agent:main:discord"), "dm");
  EXPECT_EQ(chat_type_of(from, "agent:main:telegram:group:5"), "dm") << "another place";
  EXPECT_EQ(chat_type_of(from, ""), "dm");
  from.profile = "main";
  EXPECT_EQ(chat_type_of(from, "agent:main~:discord:channel:5"), "channel");
  EXPECT_EQ(chat_type_of(from, "agent:main:discord:channel:5"), "dm");
  from.chat_type = "group";
  EXPECT_EQ(chat_type_of(from, "agent:main~:discord:thread:5:6"), "group") << "what it says itself counts";
}

} // namespace vectors_test
} // namespace relay::wire
