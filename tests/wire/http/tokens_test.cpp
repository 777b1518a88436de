// Upgrade tokens, delivery signatures, base64 (protocol.md 2).
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace relay::wire {
namespace tokens_test {

const secret key{"secret"};
constexpr std::int64_t now = 1'790'000'000;

TEST(tokens, live_five_minutes) {
  credentials who;
  who.gateway_id = "gw-host";
  who.key = key;
  const auto token = mint_token(who, now);
  std::string id;
  EXPECT_EQ(verify_token(token.reveal(), {key}, now + 300, id), token_check::ok);
  EXPECT_EQ(verify_token(token.reveal(), {key}, now + 301, id), token_check::expired);
  EXPECT_EQ(id, "gw-host") << "known for the log, also when refused";
}

TEST(tokens, every_changed_byte_is_refused) {
  const auto token = mint_token("gw:1", key, now).reveal();
  std::string id;
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char c : std::string_view{"A9-=\0~", 6}) {
      auto changed = token;
      if (changed[i] == c) continue;
      changed[i] = c;
      EXPECT_NE(verify_token(changed, {key}, now, id), token_check::ok) << i;
    }
  }
  for (std::size_t n = 0; n < token.size(); ++n)
    EXPECT_NE(verify_token(token.substr(0, n), {key}, now, id), token_check::ok);
  EXPECT_NE(verify_token(token + "A", {key}, now, id), token_check::ok);
  EXPECT_NE(verify_token(token + "==", {key}, now, id), token_check::ok);
}

TEST(tokens, malformed_ones) {
  const std::string sig(64, '0');
  std::string id = "old";
  for (const auto& text : {std::string{}, std::string{"::"}, "id:" + sig, ":1:" + sig, "id::" + sig,
                           "id:x:" + sig, "id:-1:" + sig, "id:+1:" + sig, "id: 1:" + sig,
                           "id:99999999999999999999:" + sig, std::string{"id:1:"}, std::string{"id:1:abc"}}) {
    EXPECT_EQ(verify_token(base64url_encode(text), {key}, now, id), token_check::malformed) << text;
    EXPECT_EQ(id, "") << text;
    EXPECT_EQ(token_gateway_id(base64url_encode(text)), "") << text;
  }
  EXPECT_EQ(verify_token("not base64!", {key}, now, id), token_check::malformed);
}

TEST(tokens, the_expiry_cannot_be_moved) {
  std::string text;
  ASSERT_TRUE(base64url_decode(mint_token("gw", key, now).reveal(), text));
  text.replace(3, 10, "0");
  std::string id;
  EXPECT_EQ(verify_token(base64url_encode(text), {key}, now, id), token_check::bad_signature);
}

TEST(tokens, an_unset_key_lets_nobody_in) {
  std::string id;
  EXPECT_EQ(verify_token(mint_token("gw", secret{}, 0).reveal(), {secret{}}, now, id),
            token_check::bad_signature);
  EXPECT_EQ(verify_token(mint_token("gw", key, 0).reveal(), {}, now, id), token_check::bad_signature);
}

TEST(delivery_signature, is_the_hmac_of_time_and_body) {
  // Computed with another implementation (Python's hmac).
  EXPECT_EQ(sign_delivery(key, "1790000000", "{}"),
            "d0cadd434460d4af55e7ab90d79c1802591d7001a77c9e06471d0e3ec8cc85ae");
  const auto signature = sign_delivery(key, "1790000000", std::string_view{"\0\xFF", 2});
  EXPECT_TRUE(verify_delivery(key, "1790000000", signature, std::string_view{"\0\xFF", 2}, now));
  EXPECT_FALSE(verify_delivery(key, "1790000000", signature, std::string_view{"\0\xFE", 2}, now));
  EXPECT_FALSE(verify_delivery(key, "1790000001", signature, std::string_view{"\0\xFF", 2}, now));
  EXPECT_FALSE(verify_delivery(secret{"other"}, "1790000000", signature, std::string_view{"\0\xFF", 2}, now));
  EXPECT_FALSE(verify_delivery(key, "1790000000", "", std::string_view{"\0\xFF", 2}, now));
}

TEST(delivery_signature, holds_for_300_seconds_either_way) {
  const auto signature = sign_delivery(key, "1790000000", "b");
  EXPECT_TRUE(verify_delivery(key, "1790000000", signature, "b", now + 300));
  EXPECT_TRUE(verify_delivery(key, "1790000000", signature, "b", now - 300));
  EXPECT_FALSE(verify_delivery(key, "1790000000", signature, "b", now + 301));
  EXPECT_FALSE(verify_delivery(key, "1790000000", signature, "b", now - 301));
}

TEST(delivery_signature, bad_timestamps) {
  for (const auto* ts : {"", "now", "-1790000000", "1790000000 ", "1.79e9", "99999999999999999999"})
    EXPECT_FALSE(verify_delivery(key, ts, sign_delivery(key, ts, "b"), "b", now)) << ts;
  const auto ts = std::to_string(std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(
      verify_delivery(key, ts, sign_delivery(key, ts, "b"), "b", std::numeric_limits<std::int64_t>::min()));
  EXPECT_FALSE(verify_delivery(secret{}, "1790000000", sign_delivery(secret{}, "1790000000", "b"), "b", now));
}

TEST(base64, rfc_4648_examples) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : examples) {
    EXPECT_EQ(base64_encode(plain), coded);
    std::string out;
    EXPECT_TRUE(base64_decode(coded, out));
    EXPECT_EQ(out, plain);
  }
  EXPECT_EQ(base64_encode("\xFB\xFF"), "+/8=");
  EXPECT_EQ(base64url_encode("\xFB\xFF"), "-_8");
}

TEST(base64, strictness) {
  std::string out = "old";
  for (const auto* bad : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm9v\n", " Zm9",
                          "Zm-_", "Zh==", "Zm9=", "Zm=v", "Zm9v="}) {
    EXPECT_FALSE(base64_decode(bad, out)) << bad;
    EXPECT_EQ(out, "") << bad;
  }
  for (const auto* bad : {"Z", "Zg==", "Zh", "+/8", "Zm9v\n"})
    EXPECT_FALSE(base64url_decode(bad, out)) << bad;
}

} // namespace tokens_test
} // namespace relay::wire
