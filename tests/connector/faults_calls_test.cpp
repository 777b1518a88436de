// What becomes of HTTP calls, upgrades and wake pokes under a fault script.
#include "relay_gateway/tests/connector/faults_rig.hpp"

#include <gmock/gmock.h>

namespace relay::connector::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class fault_calls : public faults_test {
protected:
  call_verdict call(std::string_view path, std::string_view platform = "discord",
                    std::string_view body = {}) {
    return faults.on_call({"POST", path, platform, "gw-1", body}, now);
  }
};

TEST_F(fault_calls, AreMatchedByPathMethodPlatformAndBody) {
  load(one(R"("on":"call","path":"/relay/provision","method":"POST","platform":"telegram","contains":"gw")",
           R"("silence":true)"));
  EXPECT_EQ(call("/relay/provision", "telegram", "a gw b").how, ending::silent);
  EXPECT_TRUE(call("/relay/provision", "discord", "gw").plain());
  EXPECT_TRUE(call("/relay/policy", "telegram", "gw").plain());
  EXPECT_TRUE(call("/relay/provision", "telegram", "other").plain());
  EXPECT_THAT(did(), ElementsAre("#1: silence"));
}

TEST_F(fault_calls, AnotherAnswerKeepsTheCallFromTheConnectorUnlessTold) {
  load(one(R"("on":"call","nth":1)", R"("answer":{"status":500,"body":"{"},"delay":{"ms":5})"));
  auto x = call("/relay/policy");
  EXPECT_FALSE(x.processed);
  EXPECT_EQ(x.instead->status, 500);
  EXPECT_EQ(x.delay, milliseconds{5});
  load(one(R"("on":"call")", R"("answer":{"status":500},"processed":true)"));
  EXPECT_TRUE(call("/relay/policy").processed);
  load(one(R"("on":"call")", R"("cut":true,"processed":false)"));
  EXPECT_FALSE(call("/relay/policy").processed);
  EXPECT_EQ(call("/relay/policy").how, ending::cut);
}

TEST_F(fault_calls, AnAnswerCanBeLostPaddedTornCorruptedOrSlow) {
  load(one(R"("on":"call")",
           R"("pad":{"bytes":100},"truncate":{"bytes":50},"corrupt":true,"drip":{"bytes":2})"));
  auto x = call("/relay/media/m1");
  EXPECT_TRUE(x.processed);
  EXPECT_EQ(x.pad, 100);
  EXPECT_EQ(x.cut_after->bytes, 50);
  EXPECT_TRUE(x.mangled);
  EXPECT_EQ(x.dripped->bytes, 2);
  load(one(R"("on":"call")", R"("reset":true)"));
  EXPECT_EQ(call("/relay/media").how, ending::reset);
}

TEST_F(fault_calls, ACallCanMakeTheConnectorFail) {
  load(one(R"("on":"call")", R"("revoke_tokens":true)"));
  auto x = call("/relay/policy");
  EXPECT_TRUE(x.plain());
  EXPECT_THAT(in_short(x.also), ElementsAre("revoke gw-1 revoked"));
}

TEST_F(fault_calls, UpgradesAreRefusedCutOrBreakWhenOpen) {
  auto ask = [&] { return faults.on_upgrade({"GET", "/relay", {}, "gw-1", {}}, now); };
  load(one(R"("on":"upgrade","nth":1)", R"("refuse":{"status":429,"headers":{"Retry-After":"3"}})"));
  auto x = ask();
  ASSERT_TRUE(x.refuse);
  EXPECT_EQ(x.refuse->status, 429);
  EXPECT_EQ(x.refuse->headers.size(), 1U);
  EXPECT_FALSE(ask().refuse);
  load(one(R"("on":"upgrade")", R"("cut":true)"));
  EXPECT_EQ(ask().how, ending::cut);
  load(one(R"("on":"upgrade")", R"("close":{"code":1013},"insert":{"text":"hi"})"));
  auto then = ask().when_open;
  EXPECT_THAT(in_short(faults.on_open(9, "gw-1", then, now)), ElementsAre("out 9 hi\n", "close 9 1013 "));
}

TEST_F(fault_calls, PokesAreLostLateOrDoubled) {
  load("[" + one(R"("on":"poke","nth":1)", R"("drop":true)") + "," +
       one(R"("on":"poke","nth":2)", R"("delay":{"ms":7},"duplicate":{"copies":2,"after_ms":9})") + "]");
  EXPECT_TRUE(faults.on_poke("gw-1", now).drop);
  auto x = faults.on_poke("gw-1", now);
  EXPECT_FALSE(x.drop);
  EXPECT_EQ(x.delay, milliseconds{7});
  EXPECT_EQ(x.copies, 2U);
  EXPECT_EQ(x.between, milliseconds{9});
}

} // namespace
} // namespace relay::connector::faults
