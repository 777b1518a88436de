#include "relay_gateway/actors/supervision/core/reload_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace reload_plan_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::settings some_settings() {
  config::settings x;
  x.relay.url = "https://connector.example";
  x.relay.identities = {{"discord", "1", ""}};
  x.idp.access_token.value = secret{"t"};
  x.policies = {{"discord", true, {}, false}};
  return x;
}

TEST(ReloadPlan, NothingChangedIsNothingToDo) {
  auto x = some_settings();
  auto out = plan_reload(x, x);
  EXPECT_EQ(out.provisioning, provisioning_change::none);
  EXPECT_FALSE(out.commands || out.media || out.idle || out.policies || out.replies || out.replace_identity ||
               out.end_policy || out.void_credentials || out.void_declarations);
  EXPECT_THAT(out.changed, IsEmpty());
}

TEST(ReloadPlan, ANameOrAnAddressAloneIsAnnouncedAndVoidsNothing) {
  auto a = some_settings();
  const std::vector<std::function<void(config::relay_settings&)>> changes{
      [](auto& x) { x.display_name = "ada"; }, [](auto& x) { x.wake_url = "https://wake"; },
      [](auto& x) { x.endpoint = "https://e"; }, [](auto& x) { x.instance_id = "i"; },
      [](auto& x) { x.route_keys = {"k"}; }};
  for (auto& change : changes) {
    auto b = a;
    change(b.relay);
    auto out = plan_reload(a, b);
    EXPECT_EQ(out.provisioning, provisioning_change::announce);
    EXPECT_FALSE(out.void_credentials || out.replace_identity || out.void_declarations);
    EXPECT_THAT(out.changed, ::testing::Contains("relay"));
  }
}

TEST(ReloadPlan, APlatformMoreKeepsTheCredentialsAnotherConnectorDoesNot) {
  auto a = some_settings(), b = a;
  b.relay.identities.push_back({"telegram", "2", ""});
  auto out = plan_reload(a, b);
  EXPECT_EQ(out.provisioning, provisioning_change::restart);
  EXPECT_FALSE(out.void_credentials);
  EXPECT_TRUE(out.replies);
  b = a;
  b.relay.url = "https://other.example";
  out = plan_reload(a, b);
  EXPECT_TRUE(out.void_credentials && out.void_declarations);
  b = a;
  b.idp.access_token.value = secret{"another"};
  out = plan_reload(a, b);
  EXPECT_TRUE(out.void_credentials && out.replace_identity);
  EXPECT_FALSE(out.void_declarations);
}

TEST(ReloadPlan, F45_ARelayThatIsTurnedOffEndsEverythingThatCalls) {
  auto a = some_settings(), b = a;
  b.relay.vetoed = true;
  auto out = plan_reload(a, b);
  EXPECT_EQ(out.provisioning, provisioning_change::restart);
  EXPECT_TRUE(out.replace_identity && out.end_policy);
}

TEST(ReloadPlan, SaysWhichSectionsDiffer) {
  auto a = some_settings(), b = a;
  b.media.wait = 5s;
  b.policies[0].require_address = false;
  b.service.commands = {{"forecast", "The forecast here", {}}};
  b.service.log_level = "debug";
  auto out = plan_reload(a, b);
  EXPECT_TRUE(out.media && out.policies && out.commands);
  EXPECT_THAT(out.changed, ElementsAre("policies", "commands", "media", "log"));
}

TEST(WaitingForRestart, ComparesWithWhatRunsSoAnUndoneChangeWaitsForNothing) {
  auto started = some_settings(), changed = started;
  changed.service.reactions = true;
  changed.limits.max_pending = 5;
  EXPECT_THAT(waiting_for_restart(started, changed), ElementsAre("gateway.reactions", "gateway.limits"));
  EXPECT_THAT(waiting_for_restart(started, started), IsEmpty());
}

TEST(WaitingForRestart, NamesEachSettingThatOnlyARestartApplies) {
  const auto started = some_settings();
  const std::vector<std::pair<std::string, std::function<void(config::settings&)>>> changes{
      {"gateway.scheduler", [](auto& x) { x.service.scheduler = config::scheduler_kind::pool; }},
      {"gateway.group_sessions_per_user", [](auto& x) { x.service.group_sessions_per_user = false; }},
      {"gateway.slack.reply_in_thread", [](auto& x) { x.slack.reply_in_thread = false; }},
      {"gateway.prompts.approval_by", [](auto& x) { x.prompts.approval_by = config::approval_by::anyone; }},
  };
  for (auto& [key, change] : changes) {
    auto next = started;
    change(next);
    EXPECT_THAT(waiting_for_restart(started, next), ElementsAre(key));
  }
  auto next = started;
  next.service.log_level = "debug"; // a reload applies it
  EXPECT_THAT(waiting_for_restart(started, next), IsEmpty());
}

/// A few settings, some of them like in the other.
config::settings any_settings() {
  auto x = some_settings();
  auto flip = [] { return *rc::gen::arbitrary<bool>(); };
  if (flip()) x.relay.url = "https://other.example";
  if (flip()) x.relay.vetoed = true;
  if (flip()) x.relay.gateway_id = "gw";
  if (flip()) x.relay.gateway_secret = secret{"s"};
  if (flip()) x.relay.identities.push_back({"telegram", "2", ""});
  if (flip()) x.relay.display_name = "ada";
  if (flip()) x.idp.client_id = "c";
  if (flip()) x.policies.clear();
  if (flip()) x.media.disk = 1ULL << 30;
  if (flip()) x.slack.reply_in_thread = false;
  return x;
}

RC_GTEST_PROP(ReloadPlanProperty, IsTheSameBothWaysAndVoidsOnlyWhatARestartBringsAnew, ()) {
  auto a = any_settings(), b = any_settings();
  auto to = plan_reload(a, b), back = plan_reload(b, a);
  RC_ASSERT(to.changed == back.changed);
  RC_ASSERT(to.provisioning == back.provisioning);
  RC_ASSERT(to.void_credentials == back.void_credentials);
  auto restarts = to.provisioning == provisioning_change::restart;
  RC_ASSERT(restarts || !(to.void_credentials || to.replace_identity || to.void_declarations));
  RC_ASSERT(a.relay.url == b.relay.url || (to.void_declarations && to.void_credentials));
  RC_ASSERT(to.changed.empty() == (a == b));
}

} // namespace reload_plan_test
} // namespace relay::core
