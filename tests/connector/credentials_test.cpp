// Provisioning, enrollment, policy, media and the token at the door (protocol.md 2).
#include "relay_gateway/tests/connector/rig.hpp"

namespace relay::connector {
namespace {

record as_record(const http_answer& x) { return {0, 0, {}, {}, {}, x.body}; }

class credentials : public core_test {};

TEST_F(credentials, ProvisioningIssuesOnePairPerGateway) {
  auto first = as_record(provision("gw", "discord"));
  auto second = as_record(provision("gw", "telegram"));
  EXPECT_FALSE(first.at("secret").empty());
  EXPECT_FALSE(first.at("deliveryKey").empty());
  EXPECT_EQ(first.at("gatewayId"), "gw");
  EXPECT_EQ(second.at("secret"), first.at("secret"));
  EXPECT_EQ(second.at("deliveryKey"), first.at("deliveryKey"));
  EXPECT_NE(as_record(provision("other", "discord")).at("secret"), first.at("secret"));
}

TEST_F(credentials, ProvisioningNeedsABearerAndItsFields) {
  EXPECT_EQ(post("/relay/provision", R"({"gatewayId":"g","platform":"p"})", "").status, 401);
  EXPECT_EQ(post("/relay/provision", R"({"gatewayId":"g"})", "Bearer x").status, 400);
  EXPECT_EQ(post("/relay/provision", "[1]", "Bearer x").status, 400);
  EXPECT_TRUE(connector_core.key_of("g").empty());
}

TEST_F(credentials, AReplayMayWithholdTheSecret) {
  auto how = connector_core.how();
  how.withhold_on_replay = true;
  connector_core.set_behaviour(how);
  EXPECT_FALSE(as_record(provision("gw", "discord")).at("secret").empty());
  auto replay = as_record(provision("gw", "telegram"));
  EXPECT_EQ(replay.at("secretIssued"), "false");
  EXPECT_FALSE(replay.has("secret"));
}

TEST_F(credentials, ScriptedProvisioningAnswersPerPlatformAndIssuesNothing) {
  connector_core.answer({.on = answer_point::provision,
                         .platform = "telegram",
                         .count = 2,
                         .status = 500,
                         .body = R"({"error":"no"})"});
  EXPECT_EQ(provision("gw", "telegram").status, 500);
  EXPECT_TRUE(connector_core.key_of("gw").empty());
  EXPECT_EQ(provision("gw", "discord").status, 200);
  EXPECT_EQ(provision("gw", "telegram").body, R"({"error":"no"})");
  EXPECT_EQ(provision("gw", "telegram").status, 200);
}

TEST_F(credentials, TokensAreVerifiedAgainstTheRotationList) {
  provision("gw", "discord");
  auto old = token("gw", start_s + 300);
  EXPECT_EQ(ask(old).close_code, 0);
  ASSERT_TRUE(connector_core.rotate("gw"));
  EXPECT_EQ(ask(old).close_code, 0) << "the older secret stays valid";
  EXPECT_EQ(ask(token("gw", start_s + 300)).close_code, 0);
  connector_core.revoke("gw");
  EXPECT_EQ(ask(old).close_code, 4401);
  EXPECT_EQ(ask(old).close_reason, "unauthorized");
}

TEST_F(credentials, AnExpiredTokenSaysSo) {
  provision("gw", "discord");
  auto bearer = token("gw", start_s + 300);
  now_ms += 301'000;
  auto verdict = ask(bearer);
  EXPECT_EQ(verdict.close_code, 4401);
  EXPECT_EQ(verdict.close_reason, "expired");
  EXPECT_EQ(last("upgrade").at("token.check"), "expired");
  EXPECT_EQ(last("upgrade").at("token.exp"), std::to_string(start_s + 300));
  auto how = connector_core.how();
  how.clock_offset_s = -600; // a connector whose clock is slow
  connector_core.set_behaviour(how);
  EXPECT_EQ(ask(bearer).close_code, 0);
  EXPECT_EQ(ask(token("gw", 0)).close_code, 0) << "0 never expires";
}

TEST_F(credentials, AMissingTokenIsRefusedUnlessAllowed) {
  EXPECT_EQ(ask("").close_code, 4401);
  EXPECT_EQ(ask("Basic eA==").close_code, 4401);
  EXPECT_EQ(ask("Bearer nonsense").close_code, 4401);
  auto how = connector_core.how();
  how.refuse_bad_token = true;
  connector_core.set_behaviour(how);
  EXPECT_EQ(ask("").status, 401);
  how.require_token = false;
  connector_core.set_behaviour(how);
  EXPECT_EQ(ask("").status, 0);
  EXPECT_EQ(ask("Bearer nonsense").status, 401) << "a bad token is not a missing one";
}

TEST_F(credentials, PolicyNeedsAValidTokenAndIsKept) {
  provision("gw", "discord");
  std::string body =
      R"({"platform":"discord","requireAddress":true,"freeResponseScopes":["a"],"allowOtherBots":false})";
  EXPECT_EQ(post("/relay/policy", body, "Bearer nonsense").status, 401);
  EXPECT_EQ(post("/relay/policy", body, token("gw")).status, 200);
  EXPECT_EQ(last("policy").at("body.freeResponseScopes.0"), "a");
  EXPECT_EQ(last("policy").platform, "discord");
}

TEST_F(credentials, AnEnrollmentTokenIsGoodOnce) {
  connector_core.add_enrollment(secret{"once"}, "t9", start_s + 10);
  connector_core.add_enrollment(secret{"late"}, "t9", start_s - 10);
  auto redeem = [&](const std::string& what, const std::string& bearer) {
    return post("/relay/enroll", R"({"enrollmentToken":")" + what + R"(","gatewayId":"gw"})", bearer);
  };
  EXPECT_EQ(redeem("once", "").status, 401);
  auto good = redeem("once", "Bearer me");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(as_record(good).at("tenant"), "t9");
  EXPECT_EQ(as_record(good).at("secret"), connector_core.key_of("gw").reveal());
  EXPECT_EQ(as_record(redeem("once", "Bearer me")).at("error"), "enrollment token already used");
  EXPECT_EQ(as_record(redeem("late", "Bearer me")).at("error"), "enrollment token expired");
  EXPECT_EQ(redeem("unheard", "Bearer me").status, 403);
}

TEST_F(credentials, MediaIsKeptForItsGatewaysForAnHour) {
  provision("gw", "discord");
  gateway_call x;
  x.method = "POST";
  x.path = "/relay/media";
  x.body = std::string{"\0\x01png", 5};
  x.content_type = "image/png";
  EXPECT_EQ(connector_core.call(x).status, 401);
  x.authorization = token("gw");
  auto id = as_record(connector_core.call(x)).at("id");
  gateway_call get;
  get.method = "GET";
  get.path = "/relay/media/" + id;
  EXPECT_EQ(connector_core.call(get).status, 401);
  get.authorization = token("gw");
  EXPECT_EQ(connector_core.call(get).body, x.body);
  EXPECT_EQ(connector_core.call(get).content_type, "image/png");
  x.body.assign(media_store::max_one + 1, 'x');
  EXPECT_EQ(connector_core.call(x).status, 413);
  now_ms += 3'600'000;
  EXPECT_EQ(connector_core.call(get).status, 404);
}

TEST_F(credentials, NoRecordHoldsASecret) {
  connector_core.add_enrollment(secret{"enrollment-secret"}, {}, 0);
  provision("gw", "discord");
  post("/relay/enroll", R"({"enrollmentToken":"enrollment-secret","gatewayId":"gw"})", "Bearer identity");
  auto bearer = token("gw");
  post("/relay/policy", R"({"platform":"discord"})", bearer);
  connector_core.opened(ask(bearer));
  for (const auto& x : connector_core.records().read())
    for (const auto& hidden : {connector_core.key_of("gw").reveal(), bearer.substr(7),
                               std::string{"enrollment-secret"}, std::string{"Bearer identity"}})
      EXPECT_EQ(x.json.find(hidden), std::string::npos) << x.kind;
}

TEST(identity, OnlyTheConfiguredTokenMayProvision) {
  options what;
  what.identity_token = secret{"the-one"};
  core connector_core{what,
                      {[] { return 1'790'000'000'000; }, [] { return std::string{"0123456789abcdef"}; }, ""}};
  gateway_call x;
  x.method = "POST";
  x.path = "/relay/provision";
  x.body = R"({"gatewayId":"g","platform":"p"})";
  x.authorization = "Bearer another";
  EXPECT_EQ(connector_core.call(x).status, 401);
  x.authorization = "bearer  the-one";
  EXPECT_EQ(connector_core.call(x).status, 200);
}

} // namespace
} // namespace relay::connector
