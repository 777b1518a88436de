// Fault scripts are read strictly: every problem has its place, and no mistake turns into a rule that does
// nothing.
#include "relay_gateway/tests/connector/faults_rig.hpp"

#include <gmock/gmock.h>

namespace relay::connector::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(faults_test, AWholeScriptIsRead) {
  auto x = read(R"({"note":"a link that loses things","seed":7,"clock":"first_open","rules":[
    {"name":"loss","note":"why","when":{"direction":"in","type":["outbound","hello"],"op":"ed*","probability":0.5},
     "then":{"drop":true},"times":3},
    {"when":{"on":"call","path":"/relay/provision","nth":[1,3],"between_ms":[10,20]},
     "then":{"answer":{"status":500,"body":{"error":"x"},"headers":{"Retry-After":"1"}},"delay":{"ms":[1,2]}}},
    {"when":{"on":"time","after_ms":[5,6],"every_ms":7},"then":{"close":{"code":4401,"reason":"expired"}}}]})");
  EXPECT_EQ(x.seed, 7U);
  EXPECT_EQ(x.clock, clock_start::first_open);
  ASSERT_EQ(x.rules.size(), 3U);
  EXPECT_EQ(x.rules[0].name, "loss");
  EXPECT_EQ(x.rules[0].when.direction, way::in);
  EXPECT_THAT(x.rules[0].when.type, ElementsAre("outbound", "hello"));
  EXPECT_EQ(x.rules[0].times, 3U);
  const auto* instead = std::get_if<answer>(&x.rules[1].then[1]);
  ASSERT_TRUE(instead);
  EXPECT_EQ(instead->body, R"({"error":"x"})");
  EXPECT_EQ(x.rules[1].when.before_ms, milliseconds{20});
  EXPECT_EQ(x.rules[2].times, std::nullopt);
  EXPECT_EQ(x.rules[2].when.after_ms.high, 6);
}

TEST_F(faults_test, OneRuleOrAnArrayOfThemIsAScriptToo) {
  EXPECT_EQ(read(R"({"then":{"drop":true}})").rules.size(), 1U);
  EXPECT_EQ(read(R"([{"then":{"drop":true}},{"then":{"cut":true}}])").rules.size(), 2U);
  EXPECT_EQ(read(R"({"rules":[]})").rules.size(), 0U);
}

TEST_F(faults_test, ARuleOnTimeHappensOnceUnlessItSaysEvery) {
  EXPECT_EQ(read(R"({"when":{"on":"time"},"then":{"cut":true}})").rules[0].times, 1U);
  EXPECT_EQ(read(R"({"when":{"on":"time","every_ms":5},"then":{"cut":true}})").rules[0].times, std::nullopt);
}

TEST(FaultProblems, EachIsToldWithItsPlaceAndWhatWasMeant) {
  const std::vector<std::pair<std::string, std::string>> table{
      {R"({"rules":[{"when":{"tpye":"hello"},"then":{"drop":true}}]})",
       "/rules/0/when/tpye: unknown key; did you mean 'type'?"},
      {R"({"rules":[{"then":{"dorp":true}}]})", "/rules/0/then/dorp: unknown key; did you mean 'drop'?"},
      {R"({"sed":1,"rules":[]})", "/sed: unknown key; did you mean 'seed'?"},
      {R"({"rules":[{"then":{"delay":{"ms":-1}}}]})", "/rules/0/then/delay/ms: must be a whole number"},
      {R"({"rules":[{"then":{"delay":{}}}]})", "/rules/0/then/delay/ms: is needed"},
      {R"({"rules":[{"then":{"delay":{"ms":[9,3]}}}]})",
       "/rules/0/then/delay/ms: must be a whole number or [low"},
      {R"({"rules":[{"when":{"direction":"up"},"then":{"drop":true}}]})",
       "/rules/0/when/direction: 'up' is not"},
      {R"({"rules":[{"when":{"probability":2},"then":{"drop":true}}]})",
       "/rules/0/when/probability: must be"},
      {R"({"rules":[{"when":{"path":"/relay"},"then":{"drop":true}}]})",
       "/rules/0/when/path: is for rules on call or upgrade, this one is on frame"},
      {R"({"rules":[{"when":{"on":"call"},"then":{"reorder":true}}]})",
       "/rules/0/then/reorder: is not for this kind of rule, but for frames"},
      {R"({"rules":[{"then":{"split":{"into":3}}}]})",
       "/rules/0/then/split: is not for this kind of rule, but for frames with \"direction\": \"out\""},
      {R"({"rules":[{"then":{"drop":true,"corrupt":true}}]})",
       "/rules/0/then/corrupt: has no effect beside 'drop'"},
      {R"({"rules":[{"then":{}}]})", "/rules/0/then: says nothing that is to happen"},
      {R"({"rules":[{"when":{}}]})", "/rules/0/then: is needed"},
      {R"({"rules":[{"then":{"drop":false}}]})", "/rules/0/then/drop: must be an object, or true"},
      {R"({"rules":[{"then":{"drop":{"ms":1}}}]})", "/rules/0/then/drop/ms: unknown key"},
      {R"({"rules":[{"then":{"rewrite":{"requestId":"x"}}}]})",
       "/rules/0/then/rewrite/requestId: is no JSON pointer"},
      {R"({"rules":[{"then":{"raw":{"hex":"8g"}}}]})", "/rules/0/then/raw/hex: must be pairs"},
      {R"({"rules":[{"then":{"insert":{}}}]})", "/rules/0/then/insert/text: give either"},
      {R"({"rules":[{"then":{"close":{"code":99}}}]})", "/rules/0/then/close/code: must be a whole number"},
      {R"({"rules":[{"when":{"on":"time","nth":1},"then":{"cut":true}}]})",
       "/rules/0/when/on: rules on time count"},
      {R"({"rules":[{"when":{"nth":0},"then":{"cut":true}}]})",
       "/rules/0/when/nth: must be a whole number from 1"},
      {R"({"rules":[{"when":{"after_ms":[1,2]},"then":{"cut":true}}]})",
       "/rules/0/when/after_ms: is drawn from"},
      {R"({"rules":[{"when":{"every_ms":5},"then":{"cut":true}}]})",
       "/rules/0/when/every_ms: is for rules on time"},
      {R"({"rules":[{"when":{"on":"call"},"then":{"answer":{"status":700}}}]})",
       "/then/answer/status: must be"},
      {R"({"rules":[{"then":{"drop":true},"times":0}]})", "/rules/0/times: must be a whole number"},
      {R"({"rules":[{"then":{"drop":true},"then":{"cut":true}}]})", "/rules/0/then: is there twice"},
      {R"({"when":{"on":"answer","to":"outbond"},"then":{"cut":true}})",
       "/when/to: 'outbond' is not one of these"},
      {R"({"when":{"to":"hello"},"then":{"cut":true}})", "/when/to: is for rules on answer"},
      {R"({"when":{"on":"answer"},"then":{"drop":true}})", "/then/drop: is not for this kind of rule"},
      {R"({"then":{"result":{"success":true}}})",
       "/then/result: is not for this kind of rule, but for answers"},
      {R"({"when":{"on":"answer","to":"hello"},"then":{"result":{}}})",
       "/then/result: needs \"to\": \"outbound\""},
      {R"({"when":{"on":"answer","to":"outbound"},"then":{"descriptor":{}}})",
       "/then/descriptor: needs \"to\": \"hello\""},
      {R"({"when":{"on":"answer"},"then":{"idle_anyway":true}})",
       "/then/idle_anyway: needs \"to\": \"going_idle\""},
      {R"({"when":{"on":"answer","to":"policy"},"then":{"duplicate":true}})",
       "/then/duplicate: needs \"to\""},
      {R"({"when":{"on":"answer","to":"outbound"},"then":{"result":true}})",
       "/then/result: must be an object"},
      {R"({"when":{"on":"answer"},"then":{"silence":true,"delay":{"ms":1}}})",
       "/then/delay: has no effect beside 'silence'"},
      {R"({"clock":"open","rules":[]})", "/clock: 'open' is not one of these"},
      {R"({"rules":{}})", "/rules: must be an array of rules"},
      {"{\n  \"rules\": [,]\n}", "not JSON, line 2 column"},
      {"[1]", "/0: must be an object"},
  };
  for (const auto& [text, expected] : table)
    EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr(expected))) << text;
}

TEST(FaultProblems, AllAreToldAtOnce) {
  EXPECT_EQ(
      problems_of(R"({"sed":1,"rules":[{"when":{"tpye":"a"},"then":{"dorp":true}},{"then":{"delay":{}}}]})")
          .size(),
      4U);
}

TEST(FaultOneOffs, AreTheActionsByThemselves) {
  std::vector<problem> told;
  auto x = parse_one_off(R"({"gateway":"gw-1","close":{"code":1012}})", told);
  ASSERT_TRUE(x);
  EXPECT_THAT(x->gateway, ElementsAre("gw-1"));
  EXPECT_EQ(x->then.size(), 1U);
  EXPECT_FALSE(parse_one_off(R"({"drop":true})", told)) << "there is no frame to drop";
  EXPECT_FALSE(parse_one_off(R"({"gatewa":"x","cut":true})", told));
  EXPECT_FALSE(parse_one_off("3", told));
}

} // namespace
} // namespace relay::connector::faults
