// Credentials and policy over the whole tree (protocol.md 2.1, 2.2), on virtual time.
#include "relay_gateway/actors/boot/provisioner.hpp"
#include "relay_gateway/tests/actors/durable_store.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class provisioning : public gateway_test {
protected:
  provisioning() {
    settings.relay.gateway_secret = {};
    settings.relay.gateway_id.clear();
    settings.relay.default_gateway_id = "gw-host";
    settings.idp.access_token.value = secret{"the-access-token"};
  }
  std::vector<fake_http::call_t*> provisions() { return env.http->open("/relay/provision"); }
  std::vector<fake_http::call_t*> policies() { return env.http->open("/relay/policy"); }
  static std::string issued(const std::string& secret_text = "issued-secret") {
    return R"({"secret":")" + secret_text +
           R"(","deliveryKey":"dk","tenant":"t1","gatewayId":"gw-host","routeKeys":[]})";
  }
  static std::string body(fake_http::call_t* x) { return x->what.body.reveal(); }
  void kill_platform(const std::string& name) {
    using provisioner_type = caf::stateful_actor<provisioner_state, provisioner_actor::base>;
    auto all = handle("provisioner");
    auto* itself = static_cast<provisioner_type*>(caf::actor_cast<caf::abstract_actor*>(all));
    caf::anon_send_exit(itself->state.platforms.at(name), caf::exit_reason::kill);
    settle();
  }
};

TEST_F(provisioning, OneByOneUntilCredentialsThenTheRestAtOnce) {
  settings.relay.identities = {{"discord", "a", ""}, {"telegram", "b", ""}, {"slack", "c", ""}};
  start();
  ASSERT_EQ(provisions().size(), 1U);
  auto* first = provisions()[0];
  EXPECT_EQ(first->what.bearer.reveal(), "the-access-token");
  EXPECT_EQ(
      body(first),
      R"({"gatewayId":"gw-host","platform":"discord","botId":"a","gatewayEndpoint":"","routeKeys":[]})");
  EXPECT_TRUE(env.link->dials.empty()) << "not decided yet";
  first->answer(500, R"({"error":"no"})");
  settle();
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_NE(body(provisions()[0]).find("telegram"), std::string::npos);
  provisions()[0]->answer(200, issued());
  settle();
  EXPECT_EQ(env.link->dials.size(), 1U) << "a slow platform does not hold up the dial";
  EXPECT_EQ(env.log->count("provision.none"), 0U);
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_NE(body(provisions()[0]).find("slack"), std::string::npos);
  advance(2s); // discord's own backoff
  ASSERT_EQ(provisions().size(), 2U);
  EXPECT_NE(body(provisions()[1]).find("discord"), std::string::npos);
  provisions()[1]->answer(200, R"({"ok":true})");
  settle();
  auto r = report();
  EXPECT_EQ(r.platforms[0].provisioning.step, platform_step::done)
      << "a 2xx without a secret counts once one is held";
  EXPECT_EQ(r.tenant, "t1");
  EXPECT_EQ(env.link->dials.size(), 1U) << "healed without a new dial";
}

TEST_F(provisioning, AnAttemptWhoseActorDiesIsMadeAgain) {
  start();
  ASSERT_EQ(provisions().size(), 1U);
  kill_platform("discord");
  EXPECT_TRUE(env.link->dials.empty()) << "the next platform may bring credentials yet";
  ASSERT_EQ(provisions().size(), 2U) << "the round goes on";
  auto* second = provisions()[1];
  EXPECT_NE(body(second).find("telegram"), std::string::npos);
  provisions()[0]->answer(200, issued("nobody hears of it"));
  second->answer(200, issued());
  settle();
  ASSERT_EQ(env.link->dials.size(), 1U);
  advance(2s);
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_NE(body(provisions()[0]).find("discord"), std::string::npos);
  kill_platform("discord"); // also once credentials are held
  advance(4s);
  ASSERT_EQ(provisions().size(), 2U);
  provisions()[1]->answer(200, R"({"ok":true})");
  settle();
  EXPECT_EQ(report().platforms[0].provisioning.step, platform_step::done);
}

TEST_F(provisioning, AnActorThatDiesBetweenAttemptsIsReplaced) {
  start();
  kill_platform("telegram"); // its turn has not come
  ASSERT_EQ(provisions().size(), 1U);
  provisions()[0]->answer(500, {});
  settle();
  ASSERT_EQ(provisions().size(), 1U);
  provisions()[0]->answer(200, issued());
  settle();
  EXPECT_EQ(env.link->dials.size(), 1U);
  kill_platform("telegram"); // all is done
  EXPECT_EQ(report().platforms[1].provisioning.step, platform_step::done);
}

TEST_F(provisioning, TheDisplayNameIsTold) {
  settings.relay.display_name = "Ops bot";
  start();
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_NE(body(provisions()[0]).find(R"(,"displayName":"Ops bot"})"), std::string::npos)
      << body(provisions()[0]);
}

TEST_F(provisioning, AllFailedDialsWithoutCredentialsAndHealsLater) {
  start();
  provisions()[0]->answer(0, {});
  settle();
  provisions()[0]->answer(403, R"({"error":"forbidden"})");
  settle();
  ASSERT_EQ(env.link->dials.size(), 1U);
  EXPECT_TRUE(env.link->last().request.bearer.empty());
  EXPECT_TRUE(report().started);
  EXPECT_EQ(env.log->count("provision.none"), 1U);
  advance(2s);
  ASSERT_EQ(provisions().size(), 1U) << "the next round, one by one again";
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(env.link->dials.size(), 2U) << "redialled with credentials";
  EXPECT_FALSE(env.link->last().request.bearer.empty());
}

TEST_F(provisioning, F52_WithheldSecretIsProvisionedButGivesNoCredentials) {
  start();
  provisions()[0]->answer(200, R"({"secretIssued":false,"gatewayId":""})");
  settle();
  ASSERT_EQ(provisions().size(), 1U);
  provisions()[0]->answer(200, issued());
  settle();
  auto r = report();
  EXPECT_EQ(r.platforms[0].provisioning.step, platform_step::done);
  EXPECT_TRUE(r.credentials);
  EXPECT_EQ(r.gateway_id, "gw-host");
}

TEST_F(provisioning, NoIdentityTokenWarnsAndGoesOn) {
  settings.idp.access_token.value = {};
  start();
  EXPECT_TRUE(env.http->calls.empty());
  EXPECT_EQ(env.log->count("provision.skipped"), 1U);
  ASSERT_EQ(env.link->dials.size(), 1U);
  EXPECT_TRUE(env.link->last().request.bearer.empty());
}

TEST_F(provisioning, MountedTokenIsReadAnewAtEachUse) {
  settings.idp.access_token.value = {};
  settings.idp.access_token.file = "/run/token";
  start();
  EXPECT_EQ(env.link->dials.size(), 1U) << "unreadable: decided as none";
  env.machine->files["/run/token"] = "second";
  advance(2s);
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "second");
  env.machine->files["/run/token"] = "third";
  provisions()[0]->answer(401, {});
  settle();
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "third");
}

TEST_F(provisioning, ClientCredentialsAreFetchedOnceForAllWhoWait) {
  settings.idp.access_token.value = {};
  settings.idp.token_url = "https://idp.example/token";
  settings.idp.client_id = "me";
  settings.limits.http_timeout = 4s;
  settings.idp.client_secret = secret{"cs"};
  start();
  ASSERT_EQ(env.http->open("/token").size(), 1U);
  auto* call = env.http->open("/token")[0];
  EXPECT_EQ(body(call), "grant_type=client_credentials&client_id=me&client_secret=cs");
  EXPECT_EQ(call->what.timeout, 4s);
  call->answer(200, R"({"access_token":"at","expires_in":3600})");
  settle();
  ASSERT_EQ(provisions().size(), 1U);
  EXPECT_EQ(provisions()[0]->what.bearer.reveal(), "at");
  provisions()[0]->answer(500, {});
  settle();
  EXPECT_TRUE(env.http->open("/token").empty()) << "still good";
  EXPECT_EQ(provisions().size(), 1U);
}

TEST_F(provisioning, F45_VetoPreventsEverySideEffect) {
  settings.relay.vetoed = true;
  settings.policies = {{"discord", true, {}, false}};
  start();
  advance(2min, 5s);
  EXPECT_TRUE(env.http->calls.empty());
  EXPECT_TRUE(env.link->dials.empty());
  EXPECT_EQ(phase(), link_phase::off);
}

TEST_F(provisioning, PolicyIsDeclaredWithAnUpgradeTokenAndAgainAfterAFailure) {
  settings.policies = {{"discord", true, {"c1"}, false}, {"telegram", false, {}, false}};
  start();
  EXPECT_TRUE(policies().empty()) << "no credentials yet";
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(policies().size(), 1U) << "a default policy says nothing";
  EXPECT_EQ(
      body(policies()[0]),
      R"({"platform":"discord","requireAddress":true,"freeResponseScopes":["c1"],"allowOtherBots":false})");
  EXPECT_FALSE(policies()[0]->what.bearer.empty());
  EXPECT_NE(policies()[0]->what.bearer.reveal(), "the-access-token");
  policies()[0]->answer(503, R"({"error":"busy"})");
  settle();
  EXPECT_EQ(env.link->dials.size(), 1U);
  advance(2s);
  ASSERT_EQ(policies().size(), 1U);
  policies()[0]->answer(200, {});
  settle();
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::done);
  advance(2min, 5s);
  EXPECT_TRUE(policies().empty());
}

TEST_F(provisioning, AnExplicitFalseIsDeclared) {
  settings.policies = {{"discord", false, {}, false, true}, {"telegram", false, {}, false}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(policies().size(), 1U) << "of telegram nothing is set";
  EXPECT_EQ(
      body(policies()[0]),
      R"({"platform":"discord","requireAddress":false,"freeResponseScopes":[],"allowOtherBots":false})");
}

TEST_F(provisioning, F46_APolicyThatIsNotSetAnyMoreIsWithdrawnOnceAndOpensNothing) {
  const auto set = std::vector<relevance_policy>{{"discord", false, {"c1"}, true, true}};
  settings.policies = set;
  start();
  provisions()[0]->answer(200, issued());
  settle();
  policies()[0]->answer(200, {});
  settle();
  auto reload = [this](std::vector<relevance_policy> x) {
    auto next = settings;
    next.policies = std::move(x);
    caf::anon_send(root, std::make_shared<const config::settings>(next));
    settle();
  };
  const relevance_policy unset{"discord", false, {}, false};
  const auto quiet =
      R"({"platform":"discord","requireAddress":true,"freeResponseScopes":[],"allowOtherBots":false})";
  reload({unset});
  ASSERT_EQ(policies().size(), 1U);
  EXPECT_EQ(body(policies()[0]), quiet);
  policies()[0]->answer(200, {});
  settle();
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::done);
  reload({unset, {"telegram", false, {}, false}});
  EXPECT_TRUE(policies().empty()) << "it was withdrawn already";
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::done);
  reload(set);
  ASSERT_EQ(policies().size(), 1U) << "set again";
  policies()[0]->answer(200, {});
  settle();
  reload({unset});
  ASSERT_EQ(policies().size(), 1U) << "and withdrawn again";
  EXPECT_EQ(body(policies()[0]), quiet);
}

TEST_F(provisioning, F46_APolicyThatWasTheQuietDefaultItselfIsWithdrawnToo) {
  settings.policies = {{"discord", true, {}, false, true}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  policies()[0]->answer(200, {});
  settle();
  auto next = settings;
  next.policies = {{"discord", false, {}, false}};
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  ASSERT_EQ(policies().size(), 1U);
  EXPECT_NE(body(policies()[0]).find(R"("requireAddress":true)"), std::string::npos);
}

TEST_F(provisioning, F46_AWithdrawalThatFailedIsTriedAgain) {
  settings.policies = {{"discord", false, {}, true}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  policies()[0]->answer(200, {});
  settle();
  auto next = settings;
  next.policies = {{"discord", false, {}, false}};
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  ASSERT_EQ(policies().size(), 1U);
  policies()[0]->answer(500, {});
  settle();
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::failed);
  advance(2s);
  ASSERT_EQ(policies().size(), 1U);
  EXPECT_NE(body(policies()[0]).find(R"("requireAddress":true)"), std::string::npos);
  policies()[0]->answer(200, {});
  settle();
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::done);
  advance(2min, 5s);
  EXPECT_TRUE(policies().empty());
}

TEST_F(provisioning, F46_AnEarlierProcessesPolicyIsWithdrawnOnce) {
  auto disk = std::make_shared<durable_store>([machine = env.machine] { return machine->wall; });
  env.store = disk;
  disk->disk.facts["declared.discord"] = "https://connector.example";
  disk->disk.facts["declared.telegram"] = "https://another.example";
  disk->reopen();
  settings.policies = {{"discord", false, {}, false}, {"telegram", false, {}, false}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(policies().size(), 1U) << "this connector knows of discord only";
  EXPECT_EQ(body(policies()[0]),
            R"({"platform":"discord","requireAddress":true,"freeResponseScopes":[],"allowOtherBots":false})");
  policies()[0]->answer(200, {});
  settle();
  EXPECT_EQ(disk->disk.facts.count("declared.discord"), 0U);
}

// Seed 2826: it had arrived, its answer was lost, and the process died before it asked again.
TEST_F(provisioning, F46_PolicyWithoutAnAnswerIsRememberedOverARestart) {
  auto disk = std::make_shared<durable_store>([machine = env.machine] { return machine->wall; });
  env.store = disk;
  settings.policies = {{"discord", true, {}, false}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(policies().size(), 1U);
  EXPECT_EQ(disk->disk.facts["declared.discord"], "https://connector.example");
}

// What came of the older policy was heard after the reload, and taken for the default's own success.
TEST_F(provisioning, F46_OldNewsOfAPolicyIsNoNewsOfTheOneThatReplacesIt) {
  auto disk = std::make_shared<durable_store>([machine = env.machine] { return machine->wall; });
  env.store = disk;
  settings.policies = {{"discord", true, {}, false, true}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  auto next = settings;
  next.policies = {{"discord", false, {}, false}};
  policies()[0]->answer(200, {}); // its news crosses the reload
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  ASSERT_EQ(policies().size(), 1U) << "the default is on its way";
  EXPECT_EQ(disk->disk.facts["declared.discord"], "https://connector.example") << "and not yet there";
  policies()[0]->answer(200, {});
  settle();
  EXPECT_EQ(disk->disk.facts.count("declared.discord"), 0U);
}

// Seed 17921: what a policy actor that died had under way came after all that its successor said.
TEST_F(provisioning, AfterAPolicyActorDiedNothingIsDeclaredBesideItsLastWords) {
  settings.policies = {{"discord", true, {}, false}, {"telegram", false, {}, false}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(policies().size(), 1U) << "under way";
  kill("policy");
  advance(10s);
  auto next = settings;
  next.policies[0].free_response_scopes = {"c9"};
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  EXPECT_EQ(policies().size(), 1U) << "the old one only";
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::pending);
  policies()[0]->answer(0, {}); // its time is up
  advance(7s);
  ASSERT_EQ(policies().size(), 1U);
  EXPECT_NE(body(policies()[0]).find("c9"), std::string::npos) << "the newest, once";
  EXPECT_EQ(report().platforms[1].policy.step, platform_step::skipped);
}

// The connector keeps the declaration that comes last: an older one must never be under way beside a newer
// one.
TEST_F(provisioning, ReloadsInARowLeaveTheNewestPolicyInForce) {
  settings.policies = {{"discord", true, {}, false}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(policies().size(), 1U) << "on its way";
  auto next = settings;
  for (auto* scope : {"c1", "c2"}) { // not settled in between: all of it waits in the mailboxes together
    next.policies = {{"discord", true, {scope}, false}};
    caf::anon_send(root, std::make_shared<const config::settings>(next));
  }
  settle();
  ASSERT_EQ(policies().size(), 1U) << "the first one has no answer yet";
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::pending);
  policies()[0]->answer(503, {});
  settle();
  ASSERT_EQ(policies().size(), 1U);
  EXPECT_NE(body(policies()[0]).find("c2"), std::string::npos) << "what lay in between is skipped";
  policies()[0]->answer(200, {});
  settle();
  EXPECT_EQ(report().platforms[0].policy.step, platform_step::done);
  advance(2min, 5s);
  EXPECT_TRUE(policies().empty());
}

TEST_F(provisioning, PlatformThatComesBackWaitsForItsOldDeclaration) {
  settings.policies = {{"discord", true, {}, false}, {"telegram", true, {}, false}};
  start();
  provisions()[0]->answer(200, issued());
  settle();
  ASSERT_EQ(policies().size(), 2U);
  auto next = settings;
  next.policies = {{"discord", true, {}, false}};
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  next.policies = {{"discord", true, {}, false}, {"telegram", false, {}, true}};
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  ASSERT_EQ(policies().size(), 2U) << "both are still on their way";
  for (auto* x : policies()) x->answer(200, {});
  settle();
  auto open = policies();
  ASSERT_EQ(open.size(), 1U) << "what was on its way of discord is what is ordered";
  EXPECT_NE(body(open[0]).find(R"("allowOtherBots":true)"), std::string::npos) << body(open[0]);
}

TEST_F(provisioning, SecretsAreInNoNote) {
  start();
  provisions()[0]->answer(200, issued("issued-secret-value"));
  settle();
  handshake();
  env.link->last().end(4401);
  advance(5s);
  for (auto& x : env.log->lines)
    for (auto* word : {"the-access-token", "issued-secret-value", "dk "})
      EXPECT_EQ(x.text.find(word), std::string::npos) << x.id << " " << x.text;
}

} // namespace
} // namespace relay::testing
