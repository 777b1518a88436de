// Whole runs: the same seed is the same run, and no seed breaks a rule.
#include "relay_gateway/tests/sim/run/explore.hpp"
#include "relay_gateway/tests/sim/run/run.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace relay::sim {
namespace {

// Sanitizers make a run thirty times as long.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t fewer = 10;
#else
constexpr std::uint64_t fewer = 1;
#endif

std::string told(const run_result& x) {
  if (x.violations.empty()) return "nothing";
  auto& first = x.violations.front();
  return first.rule + ": " + first.what + "\n  replay: relay-sim --seed " + std::to_string(x.seed) +
         " --trace";
}

TEST(simulation, TheSameSeedIsTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 60 / fewer; ++seed) {
    auto one = run{seed, {}}.play();
    run_options options;
    std::ostringstream text; // what is printed must change nothing either
    options.trace = &text;
    auto two = run{seed, options}.play();
    EXPECT_EQ(one.hash, two.hash) << "seed " << seed;
    EXPECT_EQ(one.steps, two.steps) << "seed " << seed;
    EXPECT_EQ(one.lasted, two.lasted) << "seed " << seed;
  }
}

TEST(simulation, SeedsDiffer) { EXPECT_NE((run{1, {}}.play().hash), (run{2, {}}.play().hash)); }

TEST(simulation, ARunCarriesMessagesThroughFaults) {
  std::uint64_t messages = 0;
  fault_mask fired;
  for (std::uint64_t seed = 1; seed <= 60 / fewer; ++seed) {
    auto x = run{seed, {}}.play();
    messages += x.messages;
    fired |= x.fired;
  }
  EXPECT_GT(messages, 3'000U / fewer);
  EXPECT_GT(fired.count(), 30U);
}

TEST(simulation, AVariationIsARunOfItsOwnAndAlwaysTheSameOne) {
  run_options varied;
  varied.variation = 1;
  auto one = run{7, varied}.play(), two = run{7, varied}.play(), plain = run{7, {}}.play();
  EXPECT_EQ(one.hash, two.hash);
  EXPECT_NE(one.hash, plain.hash);
  EXPECT_EQ(one.armed, plain.armed) << "the same faults, at other times";
}

TEST(simulation, WhatReachesSomethingNewIsVaried) {
  exploration what;
  what.runs = 600 / fewer;
  std::set<std::uint64_t> seeds, varied;
  auto out = explore(what, [&](const run_result& x) { (x.variation == 0 ? seeds : varied).insert(x.seed); });
  EXPECT_EQ(out.fresh + out.varied, what.runs);
  EXPECT_EQ(out.sum.violations, 0U);
  for (auto seed : varied) EXPECT_EQ(seeds.count(seed), 1U) << seed;
  if (fewer == 1) {
    EXPECT_FALSE(varied.empty());
  }
  std::ostringstream text;
  tell_unreached(text, out.reached, fault_mask{}.set());
  EXPECT_NE(text.str().find("reached: " + std::to_string(out.reached.count()) + " of"), std::string::npos);
  fault_pairs all_but_one;
  all_but_one.set();
  for (std::size_t state = 0; state < situation::states; ++state)
    all_but_one.reset(pair_of(state, fault::cut));
  std::ostringstream rest;
  tell_unreached(rest, all_but_one, fault_mask{}.set());
  EXPECT_NE(rest.str().find("never fired: cut\n"), std::string::npos) << rest.str();
}

class seeds : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(seeds, BreakNoRule) {
  for (std::uint64_t seed = GetParam(); seed < GetParam() + 30 / fewer; ++seed) {
    auto x = run{seed, {}}.play();
    EXPECT_TRUE(x.violations.empty()) << told(x);
  }
}

INSTANTIATE_TEST_SUITE_P(range, seeds, ::testing::Range<std::uint64_t>(1, 301, 30));

// Seeds that once found a mistake (seeds.txt says which).
TEST(simulation, SeedsThatOnceFailedStayGood) {
  std::ifstream in{std::string{RELAY_SOURCE_DIR} + "/tests/sim/seeds.txt"};
  std::size_t n = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (fewer > 1 && ++n > 5) break;
    auto x = run{std::stoull(line), {}}.play();
    EXPECT_TRUE(x.violations.empty()) << line << "\n" << told(x);
    ++n;
  }
  EXPECT_GT(n, 0U);
}

} // namespace
} // namespace relay::sim
