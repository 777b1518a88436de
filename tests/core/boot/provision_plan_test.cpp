#include "relay_gateway/actors/boot/core/provision_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace provision_plan_test {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using names = std::vector<std::string>;

provision_plan plan(names platforms) {
  return {std::move(platforms), milliseconds{1'000}, milliseconds{30'000}};
}

/// "try a b; later c 500; decided"
std::string words(const provision_plan::step& x) {
  std::string out;
  for (auto& name : x.attempt) out += "try " + name + "; ";
  for (auto& [name, delay] : x.later)
    out += "later " + (name.empty() ? "round" : name) + " " + std::to_string(delay.count()) + "; ";
  if (x.decided) out += "decided; ";
  if (!out.empty()) out.resize(out.size() - 2);
  return out;
}

constexpr bool provisioned = true, carries = true;

TEST(ProvisionPlan, AWaitThatTheConnectorAsksForIsAFloor) {
  auto x = plan({"a", "b"});
  x.begin();
  EXPECT_EQ(words(x.over("a", false, false, 0, milliseconds{60'000})), "try b") << "stops nobody else";
  EXPECT_EQ(words(x.over("b", false, false, 0, milliseconds{20'000})), "later round 60000; decided");
  x.due("");
  x.over("a", false, false, 0);
  EXPECT_EQ(words(x.over("b", provisioned, carries, 0)), "later a 500; decided") << "a wait counts once";
  x.due("a");
  EXPECT_EQ(words(x.over("a", false, false, 0, milliseconds{7'000})), "later a 7000");
  x.due("a");
  EXPECT_EQ(words(x.no_token(0, milliseconds{9'000})), "later a 9000");
}

TEST(ProvisionPlan, NoTokenBeforeItsGiverAllowsIt) {
  auto x = plan({"a", "b"});
  x.begin();
  EXPECT_EQ(words(x.no_token(0, milliseconds{60'000})), "later round 60000; decided");
}

TEST(ProvisionPlan, OneByOneUntilOneYieldsThenTheRestAtOnce) {
  auto x = plan({"a", "b", "c", "d"});
  EXPECT_EQ(words(x.begin()), "try a");
  EXPECT_EQ(words(x.over("a", false, false, 0)), "try b");
  EXPECT_FALSE(x.held());
  auto step = x.over("b", provisioned, carries, 0);
  EXPECT_TRUE(x.held());
  EXPECT_TRUE(step.decided);
  EXPECT_THAT(step.attempt, ElementsAre("c", "d"));
  ASSERT_EQ(step.later.size(), 1U);
  EXPECT_EQ(step.later[0], std::pair(std::string{"a"}, milliseconds{500}))
      << "one that failed is tried again";
}

TEST(ProvisionPlan, TheRestHoldsNothingUpAndEachHealsByItself) {
  auto x = plan({"a", "b", "c"});
  x.begin();
  EXPECT_EQ(words(x.over("a", provisioned, carries, 0)), "try b; try c; decided");
  EXPECT_EQ(words(x.over("c", false, false, 0)), "later c 500");
  EXPECT_EQ(words(x.over("b", provisioned, false, 0)), "")
      << "a 2xx without a secret counts once one is held";
  EXPECT_EQ(words(x.due("c")), "try c");
  EXPECT_EQ(words(x.over("c", false, false, 0)), "later c 1000");
  EXPECT_EQ(words(x.due("c")), "try c");
  EXPECT_EQ(words(x.over("c", provisioned, carries, 0)), "") << "the first pair stays";
  EXPECT_EQ(words(x.due("c")), "");
  EXPECT_EQ(words(x.due("b")), "");
}

TEST(ProvisionPlan, WhenAllFailItIsDecidedOnceAndTriedForEver) {
  auto x = plan({"a", "b"});
  x.begin();
  x.over("a", false, false, 0);
  EXPECT_EQ(words(x.over("b", false, false, 0)), "later round 500; decided");
  for (auto delay : {1'000, 2'000, 4'000, 8'000, 15'000, 15'000, 15'000}) {
    EXPECT_EQ(words(x.due("")), "try a");
    EXPECT_EQ(words(x.over("a", false, false, 0)), "try b");
    EXPECT_EQ(words(x.over("b", false, false, 0)), "later round " + std::to_string(delay));
  }
  x.due("");
  EXPECT_EQ(words(x.over("a", provisioned, carries, 0)), "try b; decided") << "decided anew: there are some";
}

TEST(ProvisionPlan, F52_AWithheldSecretIsProvisionedButYieldsNothing) {
  auto x = plan({"a", "b"});
  x.begin();
  EXPECT_EQ(words(x.over("a", provisioned, false, 0)), "try b");
  EXPECT_FALSE(x.held());
  EXPECT_EQ(words(x.over("b", false, false, 0)), "later round 500; decided");
  EXPECT_EQ(words(x.due("")), "try b") << "a is provisioned; asking again would change nothing";
  EXPECT_EQ(words(x.over("b", provisioned, carries, 0)), "decided");
}

TEST(ProvisionPlan, F52_AllWithheld) {
  auto x = plan({"a", "b"});
  x.begin();
  x.over("a", provisioned, false, 0);
  EXPECT_EQ(words(x.over("b", provisioned, false, 0)), "decided") << "known not to come";
  EXPECT_EQ(words(x.due("")), "");
}

TEST(ProvisionPlan, NothingToProvisionIsDecidedAtOnce) {
  auto x = plan({});
  EXPECT_EQ(words(x.begin()), "decided");
  EXPECT_EQ(words(x.due("")), "");
}

TEST(ProvisionPlan, WithoutAnIdentityTokenTheRoundIsOver) {
  auto x = plan({"a", "b", "c"});
  x.begin();
  EXPECT_EQ(words(x.no_token(0)), "later round 500; decided");
  EXPECT_EQ(words(x.due("")), "try a");
  EXPECT_EQ(words(x.over("a", false, false, 0)), "try b");
  EXPECT_EQ(words(x.no_token(0)), "later round 1000") << "it was decided before";
  EXPECT_EQ(words(x.due("")), "try a");
}

TEST(ProvisionPlan, WithoutATokenWhileCredentialsAreHeld) {
  auto x = plan({"a", "b", "c"});
  x.begin();
  x.over("a", provisioned, carries, 0);
  EXPECT_EQ(words(x.no_token(0)), "later b 500; later c 500");
  EXPECT_EQ(words(x.due("b")), "try b");
}

TEST(ProvisionPlan, WhatAnEarlierLifeHasDoneIsNotDoneAgain) {
  auto x = plan({"a", "b", "c"});
  x.already({"b", "nobody"}, true);
  EXPECT_EQ(words(x.begin()), "try a; try c") << "held: the rest at once, and nothing to decide";
  auto y = plan({"a", "b"});
  y.already({"a"}, false);
  EXPECT_EQ(words(y.begin()), "try b");
}

TEST(ProvisionPlan, AnAnswerNobodyWaitsForIsIgnored) {
  auto x = plan({"a", "b"});
  x.begin();
  EXPECT_EQ(words(x.over("b", provisioned, carries, 0)), "");
  EXPECT_EQ(words(x.over("nobody", provisioned, carries, 0)), "");
  x.over("a", false, false, 0);
  EXPECT_EQ(words(x.over("a", provisioned, carries, 0)), "") << "its attempt was over";
  EXPECT_FALSE(x.held());
}

TEST(ProvisionPlan, ASecondAlarmDoesNotStartASecondRound) {
  auto x = plan({"a", "b"});
  x.begin();
  x.over("a", false, false, 0);
  x.over("b", false, false, 0);
  x.due("");
  EXPECT_EQ(words(x.due("")), "");
  EXPECT_EQ(words(x.due("a")), "") << "no single tries before credentials are held";
}

TEST(ProvisionPlan, APlatformNamedTwiceIsOne) {
  auto x = plan({"a", "a", "b"});
  EXPECT_EQ(words(x.begin()), "try a");
  EXPECT_EQ(words(x.over("a", false, false, 0)), "try b");
}

RC_GTEST_PROP(ProvisionPlanProperty, EveryPlatformIsProvisionedInTheEnd, ()) {
  names all;
  auto n = *rc::gen::inRange<std::size_t>(1, 6);
  for (std::size_t i = 0; i < n; ++i) all.push_back(std::string(1, static_cast<char>('a' + i)));
  auto x = plan(all);
  std::set<std::string> trying, done;
  std::multiset<std::string> alarms;
  auto held = false;
  auto decisions = 0;
  auto look = [&](const provision_plan::step& step) {
    for (auto& name : step.attempt) {
      RC_ASSERT(done.count(name) == 0U);
      RC_ASSERT(trying.insert(name).second);
    }
    if (!held) RC_ASSERT(trying.size() <= 1U);
    for (auto& [name, delay] : step.later) {
      RC_ASSERT(delay >= milliseconds{500} && delay <= milliseconds{30'000});
      RC_ASSERT(name.empty() == !held);
      alarms.insert(name);
      RC_ASSERT(alarms.count(name) == 1U);
    }
    decisions += step.decided ? 1 : 0;
  };
  look(x.begin());
  auto steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps || done.size() < n; ++i) {
    // Later on everything works: then all of them must get there.
    auto works = i >= steps;
    RC_ASSERT(!trying.empty() || !alarms.empty() || done.size() == n);
    RC_ASSERT(i < steps + 40);
    if (trying.empty() && alarms.empty()) break;
    if (!trying.empty() && (alarms.empty() || *rc::gen::arbitrary<bool>())) {
      auto name = *rc::gen::elementOf(trying);
      trying.erase(name);
      auto good = works || *rc::gen::weightedElement<bool>({{1, true}, {2, false}});
      auto brings = good && (works || *rc::gen::arbitrary<bool>());
      if (good) done.insert(name);
      held = held || brings;
      look(x.over(name, good, brings, *rc::gen::arbitrary<std::uint64_t>()));
    } else {
      auto name = *rc::gen::elementOf(alarms);
      alarms.erase(name);
      look(x.due(name));
    }
    RC_ASSERT(x.held() == held);
    if (held) RC_ASSERT(decisions >= 1);
    RC_ASSERT(decisions <= 2);
  }
}

} // namespace provision_plan_test
} // namespace relay::core
