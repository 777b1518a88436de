// Settings that are read anew: who reads them, when they are taken, what waits for a restart (settings.md,
// Reload).
#include "relay_gateway/tests/actors/fixture.hpp"

#include <caf/event_based_actor.hpp>

namespace relay::testing {
namespace {

/// A source whose answers the test gives.
class fake_settings final : public settings_port {
public:
  std::vector<std::function<void(config::resolution)>> asked;
  void resolve(std::function<void(config::resolution)> done) override { asked.push_back(std::move(done)); }
};

class reloads : public gateway_test {
protected:
  std::shared_ptr<fake_settings> source = std::make_shared<fake_settings>();
  std::vector<reload_outcome> outcomes;
  std::vector<caf::actor> askers;

  reloads() { env.settings = source; }
  ~reloads() override {
    for (auto& x : askers) caf::anon_send_exit(x, caf::exit_reason::kill);
    settle();
  }
  void ask_reload() {
    askers.push_back(sys.spawn([this](caf::event_based_actor* self) {
      self->request(root, caf::infinite, reload_request{}).then([this](const reload_outcome& x) {
        outcomes.push_back(x);
      });
    }));
    settle();
  }
  config::resolution resolved(config::settings x) {
    config::resolution out;
    out.values = std::move(x);
    return out;
  }
  void answer(config::resolution x) {
    auto done = source->asked.back();
    source->asked.pop_back();
    done(std::move(x));
    settle();
  }
};

TEST_F(reloads, UsableSettingsRunAtOnce) {
  start();
  handshake();
  ask_reload();
  ASSERT_EQ(source->asked.size(), 1U);
  auto next = settings;
  next.relay.identities.push_back({"slack", "b3", ""});
  answer(resolved(next));
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_TRUE(outcomes[0].settings);
  EXPECT_EQ(report().platforms.size(), 3U);
  EXPECT_EQ(env.metrics->get("reloads_total{accepted}"), 1U);
}

TEST_F(reloads, ABadValueKeepsWhatRunsAndIsSaid) {
  start();
  handshake();
  ask_reload();
  auto bad = resolved(settings);
  bad.values.relay.identities.clear();
  bad.problems.push_back({"gateway.relay_platforms", "x.yaml:3", "is no list", "treated as unset", false});
  answer(std::move(bad));
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_FALSE(outcomes[0].settings);
  ASSERT_EQ(outcomes[0].problems.size(), 1U);
  EXPECT_NE(outcomes[0].problems[0].find("the running settings stay"), std::string::npos);
  EXPECT_EQ(report().platforms.size(), 2U);
  EXPECT_EQ(env.metrics->get("reloads_total{refused}"), 1U);
}

TEST_F(reloads, WhatWaitsForARestartStaysVisibleUntilItIsUndone) {
  start();
  handshake();
  auto next = settings;
  next.service.reactions = !next.service.reactions;
  ask_reload();
  answer(resolved(next));
  const std::vector<std::string> waits{"gateway.reactions"};
  EXPECT_EQ(outcomes.back().waiting_for_restart, waits);
  EXPECT_EQ(report().waiting_for_restart, waits);
  EXPECT_EQ(env.metrics->gauges["relay_gateway_restart_pending"], 1);
  ask_reload(); // nothing new: it waits all the same
  answer(resolved(next));
  EXPECT_EQ(report().waiting_for_restart, waits);
  ask_reload(); // undone: what runs is what is wanted
  answer(resolved(settings));
  EXPECT_TRUE(outcomes.back().waiting_for_restart.empty());
  EXPECT_TRUE(report().waiting_for_restart.empty());
  EXPECT_EQ(env.metrics->gauges["relay_gateway_restart_pending"], 0);
}

TEST_F(reloads, WhoAsksWhileOneIsUnderWayGetsTheNextOne) {
  start();
  ask_reload();
  ask_reload();
  ASSERT_EQ(source->asked.size(), 1U);
  answer(resolved(settings));
  EXPECT_EQ(outcomes.size(), 1U) << "files may have changed since the first one began";
  ASSERT_EQ(source->asked.size(), 1U);
  answer(resolved(settings));
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST_F(reloads, ASourceThatHangsIsARefusalInTheEnd) {
  start();
  ask_reload();
  advance(30s);
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_FALSE(outcomes[0].settings);
  EXPECT_FALSE(outcomes[0].problems.empty());
}

TEST_F(reloads, WithoutASourceThereIsNothingToReload) {
  env.settings = nullptr;
  start();
  ask_reload();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_FALSE(outcomes[0].settings);
}

TEST_F(reloads, ADeadConfigurationIsStartedAgain) {
  start();
  kill("configuration");
  ask_reload();
  answer(resolved(settings));
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_TRUE(outcomes[0].settings);
}

class announced : public reloads {
protected:
  announced() {
    settings.relay.gateway_secret = {};
    settings.relay.gateway_id = "gw-host";
    settings.idp.access_token.value = secret{"the-access-token"};
  }
  static std::string issued(const std::string& key) {
    return R"({"secret":")" + key +
           R"(","deliveryKey":"dk","tenant":"t1","gatewayId":"gw-host","routeKeys":[]})";
  }
  std::vector<fake_http::call_t*> provisions() { return env.http->open("/relay/provision"); }
  void provision_all(const std::string& key) {
    while (!provisions().empty()) {
      provisions()[0]->answer(200, issued(key));
      settle();
    }
  }
};

TEST_F(announced, ANewNameOrWakeUrlIsToldToPlatformsThatAreProvisionedAlready) {
  start();
  provision_all("k1");
  handshake();
  auto next = settings;
  next.relay.display_name = "Ops bot";
  next.relay.wake_url = "https://wake.example";
  ask_reload();
  answer(resolved(next));
  ASSERT_EQ(provisions().size(), 2U);
  for (auto* call : provisions()) {
    EXPECT_NE(call->what.body.reveal().find("Ops bot"), std::string::npos);
    EXPECT_NE(call->what.body.reveal().find("https://wake.example"), std::string::npos);
  }
  EXPECT_EQ(report().platforms[0].provisioning.step, platform_step::done) << "it still is";
  provision_all("k1");
  EXPECT_EQ(env.link->dials.size(), 1U) << "nothing that the link depends on has changed";
  ask_reload();
  answer(resolved(next));
  EXPECT_TRUE(provisions().empty()) << "told once";
}

TEST_F(announced, ACredentialThatIsRotatedByItReplacesTheOneThatIsHeld) {
  start();
  provision_all("k1");
  handshake();
  auto next = settings;
  next.relay.display_name = "Ops bot";
  ask_reload();
  answer(resolved(next));
  provision_all("k2");
  ASSERT_EQ(env.link->dials.size(), 2U) << "the old one is void";
  EXPECT_TRUE(report().credentials);
}

} // namespace
} // namespace relay::testing
