#include "relay_gateway/actors/supervision/core/restart_policy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <vector>

namespace relay::core {
namespace restart_policy_test {

using namespace std::chrono_literals;
const instant start = instant{} + 1h;

TEST(RestartPolicy, TheFirstDeathCostsNoPauseTheNextOnesMore) {
  restart_policy x;
  x.started("inbound", start);
  EXPECT_EQ(x.died("inbound", start + 1s, 7), 0ms);
  EXPECT_GE(x.died("inbound", start + 2s, 7), 100ms);
  EXPECT_EQ(x.died("policy", start + 2s, 7), 0ms) << "each child has its own";
  EXPECT_EQ(x.deaths(), 3U);
}

TEST(RestartPolicy, AHealthyLifeForgivesWhatWasBefore) {
  restart_policy x;
  x.started("inbound", start);
  for (int i = 0; i < 9; ++i) x.died("inbound", start, 1);
  x.started("inbound", start + 1h);
  EXPECT_EQ(x.died("inbound", start + 1h + 60s, 1), 0ms);
}

TEST(RestartPolicy, KnowsWhoHadALife) {
  restart_policy x;
  EXPECT_FALSE(x.had_life("policy"));
  x.not_started("policy", 1);
  EXPECT_FALSE(x.had_life("policy"));
  x.started("policy", start);
  EXPECT_TRUE(x.had_life("policy"));
}

RC_GTEST_PROP(RestartPolicyProperty, PausesAreBoundedAndAChildThatDiesAtOnceWaitsLongerAndLonger,
              (const std::vector<std::uint64_t>& random)) {
  restart_policy x;
  auto now = start;
  milliseconds sum{0};
  for (auto bits : random) {
    x.started("agent", now);
    auto pause = x.died("agent", now, bits);
    RC_ASSERT(pause >= 0ms);
    RC_ASSERT(pause <= restart_policy::longest_pause);
    now += pause;
    sum += pause;
  }
  if (random.size() > 1) RC_ASSERT(sum >= milliseconds{50} * static_cast<int>(random.size() - 1));
}

} // namespace restart_policy_test
} // namespace relay::core
