// The same script, seed and sequence give the same decisions, however often the clock is looked at; and rules
// that only delay, mix and cut lose nothing.
#include "relay_gateway/tests/connector/faults_rig.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

namespace relay::connector::faults {
namespace {

constexpr const char* wild = R"({"seed":SEED,"rules":[
  {"when":{"probability":0.3},"then":{"delay":{"ms":[0,40]}}},
  {"when":{"probability":0.1},"then":{"delay":{"ms":[5,20],"in_order":true}}},
  {"when":{"probability":0.2},"then":{"reorder":{"by":[1,4],"within_ms":60}}},
  {"when":{"probability":0.2,"direction":"out"},"then":{"split":{"into":[2,5],"every_ms":[0,3]}}},
  {"when":{"probability":0.1,"direction":"out"},"then":{"merge":{"frames":[2,4],"within_ms":30}}},
  {"when":{"probability":LOSS},"then":{"drop":true}},
  {"when":{"probability":LOSS},"then":{"corrupt":{"bytes":[1,3]},"duplicate":{"copies":[1,2],"after_ms":[0,9]}}},
  {"when":{"on":"time","after_ms":[20,40],"every_ms":[30,90],"probability":LOSS},"then":{"cut":true}}]})";

std::string with(std::uint64_t seed, const char* loss) {
  std::string out = wild;
  for (auto [from, to] : {std::pair<std::string, std::string>{"SEED", std::to_string(seed)}, {"LOSS", loss}})
    for (auto at = out.find(from); at != std::string::npos; at = out.find(from))
      out.replace(at, from.size(), to);
  return out;
}

class fault_runs : public faults_test {
protected:
  /// 300 frames in both directions on two connections, a few milliseconds apart. `eager`: due() is called at
  /// each of its times, else only when the next frame comes.
  texts run(const script& what, bool eager) {
    texts told;
    injector x{what, milliseconds{0}};
    seeded_rng rng{99};
    milliseconds t{0};
    auto note = [&](const steps& all) {
      for (const auto& one : all) told.push_back(in_short(one));
    };
    for (auto id : {1U, 2U}) note(x.on_open(id, "gw", {}, t));
    for (int i = 0; i < 300; ++i) {
      auto until = t + milliseconds{rng.below(12)};
      while (eager && x.next() && *x.next() <= until) note(x.due(*x.next()));
      t = until;
      auto which = 1 + rng.below(2);
      auto direction = rng.below(2) == 0 ? way::in : way::out;
      note(x.on_frame(which, direction, event("c" + std::to_string(rng.below(5)), std::to_string(i)), t));
    }
    while (eager && x.next() && *x.next() <= t + milliseconds{1'000}) note(x.due(*x.next()));
    if (!eager) note(x.due(t + milliseconds{1'000}));
    for (const auto& one : x.take_notes()) told.push_back(one.json());
    return told;
  }
};

TEST_F(fault_runs, TheSameSeedGivesTheSameDecisions) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto what = read(with(seed, "0.05"));
    EXPECT_EQ(run(what, true), run(what, true)) << "seed " << seed;
  }
}

TEST_F(fault_runs, AnotherSeedGivesOthers) {
  EXPECT_NE(run(read(with(1, "0.05")), true), run(read(with(2, "0.05")), true));
  injector a{read(with(1, "0.05")), milliseconds{0}, 2}, b{read(with(2, "0.05")), milliseconds{0}};
  for (auto* x : {&a, &b}) x->on_open(1, "gw", {}, milliseconds{0});
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(in_short(a.on_frame(1, way::out, "x", milliseconds{i})),
              in_short(b.on_frame(1, way::out, "x", milliseconds{i})))
        << "a seed given beside the script replaces its own";
}

TEST_F(fault_runs, HowOftenTheClockIsLookedAtChangesNothing) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto what = read(with(seed, "0"));
    EXPECT_EQ(run(what, true), run(what, false)) << "seed " << seed;
  }
}

TEST_F(fault_runs, WhatIsOnlyDelayedMixedAndCutArrivesWhole) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::map<std::string, std::string> streams; // what the gateway reads on each connection
    texts lines, expected;
    for (int i = 0; i < 300; ++i) expected.push_back(std::to_string(i));
    for (const auto& x : run(read(with(seed, "0")), true)) {
      if (x.rfind("in ", 0) == 0) lines.push_back(x.substr(5));
      if (x.rfind("out ", 0) == 0) streams[x.substr(4, 1)] += x.substr(6);
    }
    for (auto& [which, text] : streams)
      while (!text.empty()) {
        auto end = text.find('\n');
        ASSERT_NE(end, std::string::npos) << "a torn line at the end, seed " << seed;
        lines.push_back(text.substr(0, end));
        text.erase(0, end + 1);
      }
    texts numbers;
    for (const auto& x : lines) {
      auto view = read_frame(x);
      ASSERT_EQ(view.type, "inbound") << "seed " << seed << ": " << x;
      auto at = x.find(R"("text":")") + 8;
      numbers.push_back(x.substr(at, x.find('"', at) - at));
    }
    std::sort(numbers.begin(), numbers.end());
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(numbers, expected) << "seed " << seed;
  }
}

} // namespace
} // namespace relay::connector::faults
