#include "relay_gateway/actors/boot/core/policy_plan.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace relay::core {
namespace policy_plan_test {

using namespace std::chrono_literals;
const instant start = instant{} + 1h;
const relevance_policy strict{"discord", true, {}, false}, open{"discord", false, {"lobby"}, false};

policy_wish wish(std::vector<relevance_policy> policies, bool usable = true) {
  policy_wish x;
  x.url = "https://connector.example/relay/policy";
  x.policies = std::move(policies);
  x.usable = usable;
  x.account = "gw";
  return x;
}
policy_plan plan(bool quiet = false) { return {1s, 30s, quiet}; }
const policy_answer yes{true, {}, 0ms}, no{false, "HTTP 500", 0ms};

TEST(PolicyPlan, DeclaresOnceThereAreCredentials) {
  auto x = plan();
  EXPECT_TRUE(x.obey(wish({strict}, false), start).declare.empty());
  auto out = x.obey(wish({strict}), start);
  ASSERT_EQ(out.declare.size(), 1U);
  EXPECT_EQ(out.declare[0].what, strict);
  auto answer = x.answered(out.declare[0].call, yes, start, 1);
  EXPECT_EQ(answer.accepted, "discord");
  ASSERT_EQ(answer.told.size(), 1U);
  EXPECT_EQ(answer.told[0].step, platform_step::done);
}

TEST(PolicyPlan, AFailureIsTriedAgainAndAtOnceWhenThePlatformIsProvisioned) {
  auto x = plan();
  auto out = x.obey(wish({strict}), start);
  auto failed = x.answered(out.declare[0].call, no, start, 1);
  EXPECT_EQ(failed.failed, "discord");
  ASSERT_EQ(failed.later.size(), 1U);
  EXPECT_EQ(x.provisioned("discord", start).declare.size(), 1U);
  EXPECT_TRUE(x.due("discord", failed.later[0].call, start + 1s).declare.empty()) << "of an older try";
}

TEST(PolicyPlan, ANewerPolicyWaitsForTheOlderOneThatIsOnItsWay) {
  auto x = plan();
  auto first = x.obey(wish({strict}), start);
  EXPECT_TRUE(x.obey(wish({open}), start).declare.empty());
  auto next = x.answered(first.declare[0].call, yes, start, 1);
  ASSERT_EQ(next.declare.size(), 1U);
  EXPECT_EQ(next.declare[0].what, open);
}

TEST(PolicyPlan, F46_WhatIsNotSetAnyMoreIsWithdrawnOnce) {
  auto x = plan();
  relevance_policy unset;
  unset.platform = "discord";
  ASSERT_TRUE(unset.is_unset());
  EXPECT_TRUE(x.obey(wish({unset}), start).declare.empty()) << "nothing was ever declared";
  auto before = wish({unset});
  before.declared_before = {"discord"};
  auto out = x.obey(before, start);
  ASSERT_EQ(out.declare.size(), 1U);
  EXPECT_EQ(out.declare[0].what, relevance_policy::quiet_default("discord"));
  x.answered(out.declare[0].call, yes, start, 1);
  EXPECT_TRUE(x.obey(before, start).declare.empty());
}

TEST(PolicyPlan, APauseThatTheConnectorAsksForIsKept) {
  auto x = plan();
  auto out = x.obey(wish({strict}), start);
  auto failed = x.answered(out.declare[0].call, {false, "HTTP 429", 60'000ms}, start, 1);
  ASSERT_EQ(failed.later.size(), 1U);
  EXPECT_GE(failed.later[0].at, start + 60s);
  auto again = x.provisioned("discord", start + 1s);
  EXPECT_TRUE(again.declare.empty());
  ASSERT_EQ(again.later.size(), 1U);
  EXPECT_EQ(x.due("discord", again.later[0].call, again.later[0].at).declare.size(), 1U);
}

TEST(PolicyPlan, IsQuietWhileAPredecessorMayStillBeHeard) {
  auto x = plan(true);
  EXPECT_TRUE(x.obey(wish({strict}), start).declare.empty());
  EXPECT_EQ(x.speak(start + 16s).declare.size(), 1U);
}

// A connector that takes what arrives, in the order in which it arrives, answers late and sometimes refuses:
// once the orders stop changing, it ends up with the newest policy; and never are two on their way at once.
RC_GTEST_PROP(PolicyPlanProperty, TheConnectorEndsUpWithTheNewestPolicy, ()) {
  auto x = plan();
  auto now = start;
  std::map<std::uint64_t, relevance_policy> on_the_way;
  std::vector<policy_plan::timer> timers;
  std::optional<relevance_policy> in_force;
  relevance_policy newest = strict;
  auto take = [&](policy_plan::step out) {
    for (auto& d : out.declare) on_the_way.emplace(d.call, d.what);
    timers.insert(timers.end(), out.later.begin(), out.later.end());
    RC_ASSERT(on_the_way.size() <= 1);
  };
  auto answer = [&](bool accepted, milliseconds wait) {
    if (on_the_way.empty()) return;
    auto [call, what] = *on_the_way.begin();
    on_the_way.clear();
    if (accepted) in_force = what;
    take(x.answered(call, {accepted, accepted ? "" : "HTTP 503", wait}, now,
                    *rc::gen::arbitrary<std::uint64_t>()));
  };
  auto fire = [&] {
    if (timers.empty()) return;
    auto t = timers.front();
    timers.erase(timers.begin());
    now = std::max(now, t.at);
    take(x.due(t.platform, t.call, now));
  };
  take(x.obey(wish({newest}), now));
  for (auto what : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5))) {
    switch (what) {
    case 0:
      newest = newest == strict ? open : strict;
      take(x.obey(wish({newest}), now));
      break;
    case 1: answer(true, 0ms); break;
    case 2: answer(false, milliseconds{*rc::gen::inRange(0, 10'000)}); break;
    case 3: fire(); break;
    case 4: take(x.provisioned("discord", now)); break;
    }
  }
  for (int i = 0; i < 1'000 && !(on_the_way.empty() && timers.empty()); ++i) {
    fire();
    answer(true, 0ms);
  }
  RC_ASSERT(in_force == newest);
}

} // namespace policy_plan_test
} // namespace relay::core
