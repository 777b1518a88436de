// The login store as the source of the identity token (settings.md), over the whole tree on virtual time.
#include "relay_gateway/messages/wire/http/iso8601.hpp"
#include "relay_gateway/messages/wire/http/login_store.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class login : public gateway_test {
protected:
  login() {
    settings.relay.gateway_secret = {};
    settings.relay.gateway_id = "gw-l";
    settings.relay.identities = {{"discord", "a", ""}};
    settings.idp.login_store = "/home/u/.hermes/auth.json";
  }
  std::int64_t now_s() const { return env.machine->wall / 1000; }
  void logged_in(std::int64_t expires_in, const std::string& refresh = "ref-1",
                 const std::string& more = {}) {
    env.files->text = R"({"providers":{"nous":{"access_token":"acc-1","refresh_token":")" + refresh +
                      R"(","expires_at":")" + relay::wire::iso8601(now_s() + expires_in) + "\"" + more +
                      R"(}},"other":"kept"})";
  }
  /// Another wake URL: everything is provisioned anew, with the same login.
  void reload() {
    auto next = settings;
    next.relay.wake_url = "https://gateway.example/wake";
    caf::anon_send(root, std::make_shared<const config::settings>(next));
    settle();
  }
  std::vector<fake_http::call_t*> refreshes() { return env.http->open("/api/oauth/token"); }
  std::vector<fake_http::call_t*> provisions() { return env.http->open("/relay/provision"); }
  std::size_t refreshed() {
    return static_cast<std::size_t>(
        std::count_if(env.http->calls.begin(), env.http->calls.end(),
                      [](auto& x) { return x.what.url.ends_with("/api/oauth/token"); }));
  }
  platform_progress step() { return report().platforms[0].provisioning; }
  std::string stored_refresh() { return relay::wire::read_login(env.files->text).refresh_token.reveal(); }
  static std::string pair(const std::string& access, const std::string& refresh, int expires_in = 3600) {
    return R"({"access_token":")" + access + R"(","refresh_token":")" + refresh + R"(","expires_in":)" +
           std::to_string(expires_in) + "}";
  }
};

TEST_F(login, AFreshAccessTokenIsUsedAsItIs) {
  logged_in(3600);
  start();
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "acc-1");
  EXPECT_EQ(refreshed(), 0U);
  EXPECT_EQ(env.files->path, "/home/u/.hermes/auth.json");
  EXPECT_EQ(env.files->locked, 0) << "the lock is given back";
  EXPECT_EQ(env.files->writes, 0);
}

TEST_F(login, AStaleOneIsRenewedWrittenAndOnlyThenUsed) {
  logged_in(120, "ref-1", R"(,"portal_base_url":"http://127.0.0.1:99/","client_id":"my-cli")");
  start();
  ASSERT_EQ(refreshes().size(), 1U);
  EXPECT_TRUE(provisions().empty());
  auto& call = refreshes()[0]->what;
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(call.url, "http://127.0.0.1:99/api/oauth/token");
  EXPECT_EQ(call.body.reveal(), "grant_type=refresh_token&client_id=my-cli");
  ASSERT_EQ(call.secret_headers.size(), 1U);
  EXPECT_EQ(call.secret_headers[0].first, "x-nous-refresh-token");
  EXPECT_EQ(call.secret_headers[0].second.reveal(), "ref-1");
  EXPECT_EQ(call.timeout, 15s);
  EXPECT_EQ(env.files->locked, 1) << "no other program may renew meanwhile";
  refreshes()[0]->answer(200, pair("acc-2", "ref-2"));
  settle();
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "acc-2");
  auto kept = relay::wire::read_login(env.files->text);
  EXPECT_EQ(kept.access_token.reveal(), "acc-2");
  EXPECT_EQ(kept.refresh_token.reveal(), "ref-2");
  EXPECT_EQ(kept.expires_at, now_s() + 3600);
  EXPECT_NE(env.files->text.find("\"other\":\"kept\""), std::string::npos);
  EXPECT_EQ(env.files->locked, 0);
}

TEST_F(login, TheKnownPortalAndClientAreTheDefaults) {
  logged_in(0, "ref-1", R"(,"portal_base_url":"https://evil.example")");
  start();
  ASSERT_EQ(refreshes().size(), 1U);
  EXPECT_EQ(refreshes()[0]->what.url, "https://portal.nousresearch.com/api/oauth/token");
  EXPECT_EQ(refreshes()[0]->what.body.reveal(), "grant_type=refresh_token&client_id=hermes-cli");
}

TEST_F(login, WithoutALoginProvisioningIsSkippedWithItsReasonAndStartsWhenSomebodyLogsIn) {
  start();
  EXPECT_EQ(step().step, platform_step::skipped);
  EXPECT_NE(step().error.find("nobody is logged in"), std::string::npos) << step().error;
  EXPECT_EQ(env.link->dials.size(), 1U) << "dialled without credentials";
  advance(10min, 1s);
  EXPECT_EQ(env.log->count("provision.no_identity"), static_cast<std::size_t>(env.files->reads));
  auto loud = std::count_if(env.log->lines.begin(), env.log->lines.end(), [](auto& x) {
    return x.id == "provision.no_identity" && x.level == severity::warn;
  });
  EXPECT_EQ(loud, 1) << "a state that lasts is no news";
  logged_in(3600);
  advance(31s);
  ASSERT_EQ(provisions().size(), 1U);
}

TEST_F(login, ALoginWithoutARefreshTokenEndsWithItsAccessToken) {
  logged_in(60, "");
  start();
  EXPECT_EQ(refreshed(), 0U);
  EXPECT_EQ(step().step, platform_step::skipped);
  EXPECT_NE(step().error.find("no refresh token"), std::string::npos) << step().error;
}

TEST_F(login, ARefusedRefreshIsNotTriedAgainUntilThereIsAnotherLogin) {
  logged_in(0);
  start();
  refreshes()[0]->answer(400, R"({"error":"invalid_grant","error_description":"used"})");
  settle();
  EXPECT_EQ(step().step, platform_step::skipped);
  EXPECT_NE(step().error.find("invalid_grant"), std::string::npos) << step().error;
  EXPECT_NE(step().error.find("log in again"), std::string::npos);
  advance(10min, 1s);
  EXPECT_EQ(refreshed(), 1U) << "a refresh token works once";
  logged_in(0, "ref-of-a-new-login");
  advance(31s);
  ASSERT_EQ(refreshes().size(), 1U);
  refreshes()[0]->answer(200, pair("acc-9", "ref-9"));
  settle();
  ASSERT_EQ(provisions().size(), 1U);
}

TEST_F(login, ARefreshWhoseAnswerNeverCameIsNotSentAgain) {
  logged_in(0);
  start();
  auto* call = refreshes()[0];
  call->answered = true;
  http_response lost;
  lost.error = "timed out while waiting for the answer";
  lost.sent = true;
  call->done(std::move(lost));
  settle();
  EXPECT_NE(step().error.find("never came"), std::string::npos) << step().error;
  advance(10min, 1s);
  EXPECT_EQ(refreshed(), 1U);
}

TEST_F(login, APortalThatWasNotReachedOrIsOutOfOrderIsAskedAgain) {
  logged_in(0);
  start();
  refreshes()[0]->answer(0, {}); // connection refused: nothing was sent
  settle();
  EXPECT_EQ(step().step, platform_step::failed);
  EXPECT_NE(step().error.find("could not be asked"), std::string::npos) << step().error;
  advance(2s);
  ASSERT_EQ(refreshes().size(), 1U);
  refreshes()[0]->answer(503, "");
  settle();
  advance(3s);
  ASSERT_EQ(refreshes().size(), 1U);
  refreshes()[0]->answer(200, pair("acc-2", "ref-2"));
  settle();
  ASSERT_EQ(provisions().size(), 1U);
}

TEST_F(login, ANewPairThatCannotBeWrittenIsNotUsedAndNotAskedForTwice) {
  logged_in(0);
  env.files->fail_writes = "no space left";
  start();
  refreshes()[0]->answer(200, pair("acc-2", "ref-2"));
  settle();
  EXPECT_TRUE(provisions().empty());
  EXPECT_NE(step().error.find("no space left"), std::string::npos) << step().error;
  EXPECT_EQ(env.files->locked, 0);
  advance(10s);
  EXPECT_EQ(refreshed(), 1U);
  env.files->fail_writes.clear();
  advance(31s);
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "acc-2");
  EXPECT_EQ(stored_refresh(), "ref-2");
  EXPECT_EQ(refreshed(), 1U);
}

TEST_F(login, AStoreThatCannotBeWrittenCostsNoRefreshToken) {
  logged_in(0);
  env.files->unwritable = "read-only file system";
  start();
  EXPECT_EQ(refreshed(), 0U);
  EXPECT_NE(step().error.find("read-only file system"), std::string::npos) << step().error;
  logged_in(3600);
  advance(31s);
  EXPECT_EQ(provisions().size(), 1U) << "a fresh token needs no writing";
}

TEST_F(login, WhatAnotherProgramRenewedIsTaken) {
  logged_in(0);
  start();
  refreshes()[0]->answer(0, {});
  settle();
  logged_in(3600, "ref-of-another-program");
  advance(2s);
  EXPECT_EQ(refreshed(), 1U);
  ASSERT_EQ(provisions().size(), 1U);
}

// Seed 871: a reload made the gateway forget what it had sent.
TEST_F(login, ARefreshTokenThatWasSentIsNotSentAgainAfterAReload) {
  logged_in(0);
  start();
  auto* call = refreshes()[0];
  call->answered = true;
  http_response lost;
  lost.error = "timed out while waiting for the answer";
  lost.sent = true;
  call->done(std::move(lost));
  settle();
  reload();
  advance(1min, 1s);
  EXPECT_EQ(refreshed(), 1U);
  logged_in(0, "ref-of-a-new-login");
  advance(31s);
  EXPECT_EQ(refreshes().size(), 1U);
}

// Seed 700035960: whoever follows an identity actor that died sent the same refresh token once more.
TEST_F(login, ARefreshTokenThatWasSentIsNotSentAgainAfterItsActorDied) {
  logged_in(0);
  start();
  ASSERT_EQ(refreshes().size(), 1U);
  kill("identity");
  settle();
  advance(1min, 1s);
  EXPECT_EQ(refreshed(), 1U);
  EXPECT_EQ(step().step, platform_step::skipped);
  EXPECT_NE(step().error.find("its answer never came"), std::string::npos) << step().error;
  logged_in(0, "ref-of-a-new-login");
  advance(31s);
  EXPECT_EQ(refreshes().size(), 2U) << "the one that died never took its answer";
}

TEST_F(login, APairThatCouldNotBeWrittenOutlivesItsActor) {
  logged_in(0);
  env.files->fail_writes = "no space left on device";
  start();
  refreshes()[0]->answer(200, pair("acc-2", "ref-2"));
  settle();
  kill("identity");
  settle();
  env.files->fail_writes.clear();
  advance(1min, 1s);
  EXPECT_EQ(refreshed(), 1U);
  EXPECT_EQ(stored_refresh(), "ref-2");
  EXPECT_EQ(provisions().size(), 1U);
}

TEST_F(login, ARefreshThatIsOnItsWayOutlivesItsProvisioner) {
  logged_in(0);
  start();
  ASSERT_EQ(refreshes().size(), 1U);
  kill("provisioner");
  settle();
  refreshes()[0]->answer(200, pair("acc-2", "ref-2"));
  settle();
  EXPECT_EQ(refreshed(), 1U);
  EXPECT_EQ(stored_refresh(), "ref-2");
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "acc-2");
}

TEST_F(login, AReloadDoesNotLoseThePairThatIsOnItsWay) {
  logged_in(0);
  start();
  ASSERT_EQ(refreshes().size(), 1U);
  reload();
  refreshes()[0]->answer(200, pair("acc-2", "ref-2"));
  settle();
  EXPECT_EQ(stored_refresh(), "ref-2");
  EXPECT_EQ(refreshed(), 1U);
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "acc-2");
}

TEST_F(login, AReloadThatNamesAnotherLoginStoreUsesThat) {
  logged_in(3600);
  start();
  auto next = settings;
  next.idp.login_store = "/elsewhere/auth.json";
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  EXPECT_EQ(env.files->path, "/elsewhere/auth.json");
}

TEST_F(login, ARefreshTokenThatIsNotReplacedServesAgain) {
  logged_in(0);
  settings.relay.identities = {{"discord", "a", ""}};
  start();
  refreshes()[0]->answer(200, R"({"access_token":"acc-2","expires_in":300})");
  settle();
  EXPECT_EQ(stored_refresh(), "ref-1");
  ASSERT_EQ(provisions().size(), 1U);
  // Tried again with the kept token, until that must be renewed.
  for (int i = 0; i < 20 && refreshed() < 2; ++i) {
    if (auto tried = provisions(); !tried.empty()) tried.back()->answer(500, "");
    settle();
    advance(30s, 1s);
  }
  EXPECT_EQ(refreshed(), 2U);
}

TEST_F(login, AGivenTokenWinsOverTheStore) {
  settings.idp.access_token.value = secret{"given"};
  logged_in(3600);
  start();
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "given");
  EXPECT_EQ(env.files->reads, 0);
}

TEST_F(login, AStoreThatIsLockedForLongIsTriedAgain) {
  env.files->error = "auth.lock: another program holds the lock";
  start();
  EXPECT_EQ(step().step, platform_step::failed);
  env.files->error.clear();
  logged_in(3600);
  advance(2s);
  EXPECT_EQ(provisions().size(), 1U);
}

TEST_F(login, NoTokenIsEverNoted) {
  logged_in(0);
  start();
  refreshes()[0]->answer(400, R"({"error":"ref-1 acc-1"})");
  settle();
  advance(1min, 1s);
  logged_in(0, "ref-5");
  advance(31s);
  refreshes()[0]->answer(200, pair("acc-6", "ref-6"));
  settle();
  for (auto& x : env.log->lines)
    for (auto* token : {"ref-5", "acc-6", "ref-6"})
      EXPECT_EQ(x.text.find(token), std::string::npos) << x.id << " " << x.text;
}

} // namespace
} // namespace relay::testing
