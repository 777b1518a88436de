// Bodies of the HTTP calls (protocol.md 2.1 to 2.3) and of the OAuth token call.
#include "relay_gateway/messages/wire/http/control_plane.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace control_plane_test {

TEST(ProvisionAnswer, WhatTheConnectorIssuesHasALength) {
  const auto answer = [](const char* name, std::size_t size) {
    std::string body = R"({"secret":"s","deliveryKey":"k","tenant":"t","gatewayId":"g")";
    const auto at = body.find(std::string{"\""} + name + "\":\"") + std::string_view{name}.size() + 4;
    body.replace(at, 1, std::string(size, 'x'));
    return body + "}";
  };
  for (auto [name, most] :
       {std::pair{"secret", 4'096UL}, {"deliveryKey", 4'096UL}, {"tenant", 512UL}, {"gatewayId", 512UL}}) {
    EXPECT_TRUE(decode_provision(200, answer(name, most), "gw", false).carries_credentials) << name;
    EXPECT_TRUE(decode_enroll(200, answer(name, most)).ok) << name;
    const auto x = decode_provision(200, answer(name, most + 1), "gw", false);
    EXPECT_FALSE(x.provisioned || x.carries_credentials) << name;
    EXPECT_TRUE(x.given == credentials{}) << name;
    EXPECT_EQ(x.error, "status 200: the answer's " + std::string{name} + " is longer than " +
                           std::to_string(most) + " bytes");
    EXPECT_EQ(decode_enroll(200, answer(name, most + 1)).error, x.error);
  }
  EXPECT_TRUE(
      decode_token_answer(200, R"({"access_token":")" + std::string(16'384, 'x') + "\"}").error.empty());
  EXPECT_FALSE(
      decode_token_answer(200, R"({"access_token":")" + std::string(16'385, 'x') + "\"}").error.empty());
}

TEST(provision, body) {
  EXPECT_EQ(
      encode_provision({"gw", "discord", "7", "", {"g1", "g2"}, "", "", ""}),
      R"({"gatewayId":"gw","platform":"discord","botId":"7","gatewayEndpoint":"","routeKeys":["g1","g2"]})");
  EXPECT_EQ(encode_provision({"gw", "p", "", "https://e", {}, "i", "https://w", ""}),
            R"({"gatewayId":"gw","platform":"p","botId":"","gatewayEndpoint":"https://e","routeKeys":[],)"
            R"("instanceId":"i","wakeUrl":"https://w"})");
  EXPECT_EQ(encode_provision({"gw", "p", "", "", {}, "", "", "Ana's \"bot\""}),
            R"({"gatewayId":"gw","platform":"p","botId":"","gatewayEndpoint":"","routeKeys":[],)"
            R"("displayName":"Ana's \"bot\""})");
}

TEST(provision, success) {
  const auto x = decode_provision(
      201, R"({"secret":"s","deliveryKey":"d","tenant":"t","gatewayId":"other","routeKeys":["a",5,null]})",
      "gw", false);
  EXPECT_TRUE(x.provisioned && x.carries_credentials);
  EXPECT_EQ(x.given.gateway_id, "other");
  EXPECT_EQ(x.given.key.reveal(), "s");
  EXPECT_EQ(x.given.delivery_key.reveal(), "d");
  EXPECT_EQ(x.given.tenant, "t");
  EXPECT_EQ(x.route_keys, (std::vector<std::string>{"a", "5"}));
  EXPECT_EQ(x.error, "");
}

TEST(provision, the_requested_id_stands_when_the_answer_names_none) {
  for (const auto* body :
       {R"({"secret":"s"})", R"({"secret":"s","gatewayId":""})", R"({"secret":"s","gatewayId":null})"}) {
    const auto x = decode_provision(200, body, "gw", false);
    EXPECT_TRUE(x.carries_credentials);
    EXPECT_EQ(x.given.gateway_id, "gw");
  }
}

TEST(provision, a_withheld_secret_is_a_success_without_credentials_F52) {
  for (bool holds : {false, true}) {
    for (const auto* body :
         {R"({"secretIssued":false})", R"({"secretIssued":false,"secret":"","gatewayId":"","tenant":"x"})",
          R"({"secretIssued":false,"secret":"contradictory","gatewayId":"x"})"}) {
      const auto x = decode_provision(200, body, "gw", holds);
      EXPECT_TRUE(x.provisioned) << body;
      EXPECT_FALSE(x.carries_credentials) << body;
      EXPECT_EQ(x.given, credentials{}) << "nothing that could overwrite or blank what is held";
    }
  }
}

TEST(provision, no_secret_is_a_failure_until_one_is_held) {
  for (const auto* body : {"{}", R"({"secret":""})", R"({"secret":null})", R"({"secret":5})",
                           R"({"secretIssued":true})", R"({"secretIssued":"false"})"}) {
    EXPECT_FALSE(decode_provision(200, body, "gw", false).provisioned) << body;
    EXPECT_EQ(decode_provision(200, body, "gw", false).error, "status 200: the answer carries no secret");
    const auto later = decode_provision(200, body, "gw", true);
    EXPECT_TRUE(later.provisioned) << body;
    EXPECT_FALSE(later.carries_credentials) << body;
    EXPECT_EQ(later.given, credentials{});
  }
}

TEST(provision, failures) {
  EXPECT_EQ(decode_provision(403, R"({"error":"no such tenant"})", "gw", true).error,
            "status 403: no such tenant");
  EXPECT_FALSE(decode_provision(403, R"({"secret":"s"})", "gw", true).provisioned);
  EXPECT_EQ(decode_provision(500, "<html>", "gw", false).error, "status 500");
  EXPECT_EQ(decode_provision(302, "", "gw", false).error, "status 302") << "F48: a redirect is not followed";
  for (const auto& [body, why] :
       std::initializer_list<std::pair<const char*, std::string>>{{"", "not JSON"},
                                                                  {"[]", "not a JSON object"},
                                                                  {"null", "not a JSON object"},
                                                                  {"\"s\"", "not a JSON object"},
                                                                  {"{", "not JSON"},
                                                                  {"<html>", "not JSON"},
                                                                  {"\xFF", "not valid UTF-8"}}) {
    EXPECT_EQ(decode_provision(200, body, "gw", true).error, "status 200: the answer is " + why) << body;
    EXPECT_FALSE(decode_provision(200, body, "gw", true).provisioned) << body;
  }
}

TEST(provision, errors_never_quote_a_secret) {
  for (int status : {200, 400, 500}) {
    const auto x =
        decode_provision(status, R"({"secret":["hush"],"deliveryKey":"hush","error":"bad"})", "gw", false);
    EXPECT_EQ(x.error.find("hush"), std::string::npos);
  }
}

TEST(policy, body) {
  EXPECT_EQ(
      encode_policy({"discord", true, {"a"}, false}),
      R"({"platform":"discord","requireAddress":true,"freeResponseScopes":["a"],"allowOtherBots":false})");
  EXPECT_EQ(encode_policy({"discord", false, {}, false}),
            R"({"platform":"discord","requireAddress":false,"freeResponseScopes":[],"allowOtherBots":false})")
      << "an explicit false";
  EXPECT_EQ(encode_policy(relevance_policy::quiet_default("discord")),
            R"({"platform":"discord","requireAddress":true,"freeResponseScopes":[],"allowOtherBots":false})")
      << "F46: what withdraws another one opens nothing";
}

TEST(enroll, both_directions) {
  EXPECT_EQ(encode_enroll(secret{"t\"1"}, "gw"), R"({"enrollmentToken":"t\"1","gatewayId":"gw"})");
  const auto x = decode_enroll(200, R"({"secret":"s","deliveryKey":"d","tenant":"t","gatewayId":"gw"})");
  EXPECT_TRUE(x.ok);
  EXPECT_EQ(x.given.gateway_id, "gw");
  EXPECT_EQ(x.given.key.reveal(), "s");
  EXPECT_EQ(decode_enroll(401, "").error, "status 401: the identity was not accepted");
  EXPECT_EQ(decode_enroll(403, R"({"error":"expired"})").error,
            "status 403: the enrollment token was not accepted: expired");
  EXPECT_EQ(decode_enroll(500, R"({"error":"oops"})").error, "status 500: oops");
  EXPECT_FALSE(decode_enroll(200, "{}").ok);
  EXPECT_FALSE(decode_enroll(200, "[]").ok);
}

TEST(token_answer, success) {
  const auto x =
      decode_token_answer(200, R"({"access_token":"a.b-c","refresh_token":"r","expires_in":3600})");
  EXPECT_EQ(x.error, "");
  EXPECT_EQ(x.access_token.reveal(), "a.b-c");
  EXPECT_EQ(x.refresh_token.reveal(), "r");
  EXPECT_EQ(x.expires_in, 3600);
  const auto lifetime = [](const std::string& y) {
    return decode_token_answer(200, R"({"access_token":"a","expires_in":)" + y + "}").expires_in;
  };
  EXPECT_EQ(lifetime("\"120\""), 120);
  EXPECT_EQ(lifetime("59.9"), 59);
  EXPECT_EQ(lifetime("1e300"), 315360000);
  for (const auto* none : {"null", "0", "-5", "\"x\"", "[]", "\"\"", "\"nan\"", "true"})
    EXPECT_EQ(lifetime(none), 0) << none;
}

TEST(token_answer, failure) {
  EXPECT_EQ(decode_token_answer(400, R"({"error":"invalid_grant","error_description":"old\ntoken"})").error,
            "status 400: invalid_grant: oldtoken");
  EXPECT_EQ(decode_token_answer(400, R"({"error_description":"x"})").error, "status 400: x");
  EXPECT_EQ(decode_token_answer(502, "<html>").error, "status 502");
  for (const auto* bad :
       {"{}", R"({"access_token":""})", R"({"access_token":5})", R"({"access_token":"a\r\nX: y"})",
        R"({"access_token":"a b"})", R"({"access_token":"ü"})"}) {
    const auto x = decode_token_answer(200, bad);
    EXPECT_EQ(x.error, "status 200: the answer carries no usable access_token") << bad;
    EXPECT_TRUE(x.access_token.empty());
  }
}

TEST(form_encode, examples) {
  EXPECT_EQ(form_encode({}), "");
  EXPECT_EQ(form_encode({{"grant_type", "refresh_token"}, {"a b", "ü&=+%~/"}}),
            "grant_type=refresh_token&a+b=%C3%BC%26%3D%2B%25%7E%2F");
}

TEST(error_detail, is_one_clean_short_line) {
  EXPECT_EQ(error_detail(R"({"error":"a\r\nb\u0000c\u001b[31m\u007f\u0085d"})"), "abc[31md");
  EXPECT_EQ(error_detail(R"({"error":{"message":"x"}})"), "");
  EXPECT_EQ(error_detail("x"), "");
  std::string longer;
  for (int i = 0; i < 300; ++i) longer += "é";
  EXPECT_EQ(error_detail("{\"error\":\"" + longer + "\"}").size(), 400U)
      << "200 characters, none of them cut";
}

} // namespace control_plane_test
} // namespace relay::wire
