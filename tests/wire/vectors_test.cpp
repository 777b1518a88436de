// The contract's published vectors (tests/vectors.json), all of those that concern the wire.
#include "messages/wire/frames.hpp"
#include "messages/wire/json_read.hpp"
#include "messages/wire/json_write.hpp"
#include "messages/wire/session_key.hpp"
#include "messages/wire/tokens.hpp"
#include "messages/wire/urls.hpp"

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
  }
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

} // namespace vectors_test
} // namespace relay::wire
