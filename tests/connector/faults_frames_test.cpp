// What becomes of frames and connections under a fault script, in virtual time.
#include "relay_gateway/tests/connector/faults_rig.hpp"

#include <gmock/gmock.h>

namespace relay::connector::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string to_gateway(const std::string& line) { return "out 1 " + line + "\n"; }

TEST_F(faults_test, WithoutRulesEveryFramePasses) {
  EXPECT_TRUE(faults.idle());
  EXPECT_THAT(out("x"), ElementsAre("out 1 x\n"));
  EXPECT_THAT(in("x"), ElementsAre("in 1 x"));
}

TEST_F(faults_test, AFrameIsMatchedByTypePlatformChatOpAndDirection) {
  load(one(R"("type":"outbound","platform":"discord","chat":"c*","op":["edit","send"],"direction":"in")",
           R"("drop":true)"));
  EXPECT_THAT(in(send("r1", "c1")), IsEmpty());
  EXPECT_THAT(in(send("r2", "d1")).size(), 1U) << "another chat";
  EXPECT_THAT(in(send("r3", "c1", "react")).size(), 1U) << "another op";
  EXPECT_THAT(out(send("r4", "c1")).size(), 1U) << "the other way";
  EXPECT_THAT(in("no json").size(), 1U);
  EXPECT_THAT(did(), ElementsAre("#1: drop"));
}

TEST_F(faults_test, AResultIsMatchedByTheChatOfItsRequest) {
  load(one(R"("type":"outbound_result","chat":"c1","op":"send")", R"("drop":true)"));
  in(send("r1", "c1"));
  in(send("r2", "c2"));
  EXPECT_THAT(out(result("r1")), IsEmpty());
  EXPECT_THAT(out(result("r2")).size(), 1U);
  EXPECT_THAT(out(result("never asked")).size(), 1U);
}

TEST_F(faults_test, AnAckIsMatchedByTheChatOfItsEvent) {
  load(one(R"("type":"inbound_ack","chat":"c1")", R"("drop":true)"));
  out(R"({"type":"inbound","bufferId":"b1","event":{"source":{"platform":"discord","chat_id":"c1"}}})");
  EXPECT_THAT(in(R"({"type":"inbound_ack","bufferId":"b1"})"), IsEmpty());
  EXPECT_THAT(in(R"({"type":"inbound_ack","bufferId":"b2"})").size(), 1U);
}

TEST_F(faults_test, CountingSaysWhichOfThem) {
  load(one(R"("nth":[2,4])", R"("drop":true)"));
  EXPECT_EQ(out("a").size(), 1U);
  EXPECT_THAT(out("b"), IsEmpty());
  EXPECT_EQ(out("c").size(), 1U);
  EXPECT_THAT(out("d"), IsEmpty());
  EXPECT_EQ(out("e").size(), 1U);
  load(one(R"("every_n":2,"after_n":1)", R"("drop":true)", R"(,"times":2)"));
  texts passed;
  for (const auto* x : {"1", "2", "3", "4", "5", "6", "7"})
    if (!out(x).empty()) passed.emplace_back(x);
  EXPECT_THAT(passed, ElementsAre("1", "2", "4", "6", "7")) << "the third use would have been the seventh";
}

TEST_F(faults_test, CountingCanBeginAnewOnEachConnection) {
  load(one(R"("nth":1,"per_connection":true)", R"("drop":true)"));
  open(2, "gw-1");
  EXPECT_THAT(out("a", 1), IsEmpty());
  EXPECT_THAT(out("a", 2), IsEmpty());
  EXPECT_EQ(out("b", 1).size(), 1U);
  EXPECT_EQ(out("b", 2).size(), 1U);
}

TEST_F(faults_test, ARuleCountsOnlyInItsTime) {
  load(one(R"("between_ms":[100,200])", R"("drop":true)"));
  EXPECT_EQ(out("early").size(), 1U);
  pass(100);
  EXPECT_THAT(out("inside"), IsEmpty());
  pass(100);
  EXPECT_EQ(out("late").size(), 1U);
}

TEST_F(faults_test, TheClockCanWaitForTheFirstConnection) {
  faults = injector{read(R"({"clock":"first_open","rules":[
    {"when":{"on":"time","after_ms":50},"then":{"cut":true}},{"when":{"after_ms":10},"then":{"drop":true}},
    {"when":{"contains":"any time"},"then":{"drop":true}}]})"),
                    now};
  EXPECT_THAT(pass(500), IsEmpty());
  EXPECT_EQ(out("nobody is there").size(), 1U);
  EXPECT_THAT(out("any time"), IsEmpty()) << "this one asks no clock";
  open(1, "gw-1");
  EXPECT_EQ(out("too early").size(), 1U);
  EXPECT_THAT(pass(50), ElementsAre("1550: cut 1"));
  EXPECT_THAT(out("dropped"), IsEmpty());
}

TEST_F(faults_test, ProbabilityIsMetOverManyFrames) {
  load(one(R"("probability":0.25)", R"("drop":true)"));
  int dropped = 0;
  for (int i = 0; i < 4000; ++i) dropped += out("x").empty() ? 1 : 0;
  EXPECT_NEAR(dropped, 1000, 120);
}

TEST_F(faults_test, ADelayedFrameIsOvertakenUnlessTheOrderIsKept) {
  load(one(R"("contains":"slow")", R"("delay":{"ms":100})"));
  EXPECT_THAT(out("slow"), IsEmpty());
  EXPECT_THAT(out("quick"), ElementsAre("out 1 quick\n"));
  EXPECT_THAT(pass(100), ElementsAre("1100: out 1 slow\n"));
  load(one(R"("contains":"slow")", R"("delay":{"ms":100,"in_order":true})"));
  EXPECT_THAT(out("slow"), IsEmpty());
  EXPECT_THAT(out("behind"), IsEmpty());
  EXPECT_THAT(in("the other way is free"), ElementsAre("in 1 the other way is free"));
  EXPECT_THAT(pass(100), ElementsAre("1200: out 1 slow\n", "1200: out 1 behind\n"));
  EXPECT_THAT(out("free again"), ElementsAre("out 1 free again\n"));
}

TEST_F(faults_test, ACopyComesAtOnceOrLater) {
  load(one(R"("nth":1)", R"("duplicate":{"copies":2,"after_ms":30})"));
  EXPECT_THAT(out("x"), ElementsAre("out 1 x\n"));
  EXPECT_THAT(pass(100), ElementsAre("1030: out 1 x\n", "1060: out 1 x\n"));
  load(one(R"("nth":1)", R"("duplicate":true)"));
  EXPECT_THAT(in("x"), ElementsAre("in 1 x", "in 1 x"));
}

TEST_F(faults_test, ReorderingLetsLaterFramesGoFirst) {
  load(one(R"("nth":1)", R"("reorder":{"by":2})"));
  EXPECT_THAT(out("a"), IsEmpty());
  EXPECT_THAT(out("b"), ElementsAre("out 1 b\n"));
  EXPECT_THAT(out("c"), ElementsAre("out 1 c\n", "out 1 a\n"));
  EXPECT_THAT(out("d"), ElementsAre("out 1 d\n"));
}

TEST_F(faults_test, ReorderingDoesNotWaitForEver) {
  load(one(R"("nth":1)", R"("reorder":{"by":2,"within_ms":40})"));
  out("a");
  EXPECT_THAT(out("b"), ElementsAre("out 1 b\n"));
  EXPECT_THAT(pass(50), ElementsAre("1040: out 1 a\n"));
}

TEST_F(faults_test, ReorderingCanKeepEachChatInOrder) {
  load(one(R"("nth":1)", R"("reorder":{"by":5,"keep_chat_order":true})"));
  EXPECT_THAT(out(event("c1", "1")), IsEmpty());
  EXPECT_THAT(out(event("c2", "2")), ElementsAre(to_gateway(event("c2", "2"))));
  EXPECT_THAT(out(event("c1", "3")), ElementsAre(to_gateway(event("c1", "1")), to_gateway(event("c1", "3"))));
}

TEST_F(faults_test, TruncatingKeepsTheBeginningAndTheLineBreakUnlessTold) {
  load(one(R"("direction":"out")", R"("truncate":{"bytes":3})"));
  EXPECT_THAT(out("abcdef"), ElementsAre("out 1 abc\n"));
  load(one(R"("direction":"out")", R"("truncate":{"newline":false})"));
  EXPECT_THAT(out("abcdef"), ElementsAre("out 1 abc"));
}

TEST_F(faults_test, CorruptingChangesSoManyBytesAndNeverTheLineBreak) {
  load(one("", R"("corrupt":{"bytes":2})"));
  std::string line(64, 'a');
  for (int i = 0; i < 200; ++i) {
    auto changed = out(line).at(0).substr(6);
    ASSERT_EQ(changed.size(), line.size() + 1);
    int differ = 0;
    for (std::size_t k = 0; k < line.size(); ++k) {
      differ += changed[k] != line[k] ? 1 : 0;
      ASSERT_NE(changed[k], '\n');
    }
    ASSERT_EQ(differ, 2);
  }
  load(one("", R"("corrupt":{"kind":"utf8"})"));
  EXPECT_THAT(out("a"), ElementsAre("out 1 \xFF\n"));
}

TEST_F(faults_test, RewritingPutsValuesIntoTheFrame) {
  load(one(R"("type":"outbound_result")", R"("rewrite":{"/requestId":"nobody's","/result/success":false})"));
  EXPECT_THAT(out(result("r1")),
              ElementsAre(to_gateway(
                  R"({"type":"outbound_result","requestId":"nobody's","result":{"success":false}})")));
}

TEST_F(faults_test, SplittingMakesMessagesOrFragments) {
  load(one(R"("direction":"out","nth":1)", R"("split":{"bytes":2})"));
  EXPECT_THAT(out("abcd"), ElementsAre("out 1 ab", "out 1 cd", "out 1 \n"));
  load(one(R"("direction":"out","nth":1)", R"("split":{"bytes":2,"as":"fragments"},"binary":true)"));
  EXPECT_THAT(out("abcd"),
              ElementsAre("out 1 binary begin ab", "out 1 binary part cd", "out 1 binary end \n"));
  load(one(R"("direction":"out","nth":1)", R"("split":{"into":4})"));
  auto pieces = out("abcdefghijkl");
  ASSERT_EQ(pieces.size(), 4U);
  std::string together;
  for (const auto& x : pieces) together += x.substr(6);
  EXPECT_EQ(together, "abcdefghijkl\n");
}

TEST_F(faults_test, NothingComesBetweenThePiecesOfAFrame) {
  load(one(R"("direction":"out","nth":1)", R"("split":{"bytes":1,"every_ms":10})"));
  EXPECT_THAT(out("ab"), ElementsAre("out 1 a"));
  EXPECT_THAT(out("next"), IsEmpty());
  EXPECT_THAT(pass(100), ElementsAre("1010: out 1 b", "1020: out 1 \n", "1021: out 1 next\n"));
}

TEST_F(faults_test, MergingPutsSeveralFramesIntoOneMessage) {
  load(one(R"("direction":"out","nth":1)", R"("merge":{"frames":3})"));
  EXPECT_THAT(out("a"), IsEmpty());
  EXPECT_THAT(out("b"), IsEmpty());
  EXPECT_THAT(out("c"), ElementsAre("out 1 a\nb\nc\n"));
  load(one(R"("direction":"out","nth":1)", R"("merge":{"frames":3,"within_ms":50})"));
  out("a");
  EXPECT_THAT(pass(60), ElementsAre("1050: out 1 a\n"));
}

TEST_F(faults_test, ExtraFramesStandBeforeOrBehind) {
  load(one(R"("contains":"x")", R"("insert":{"frame":{"type":"new"},"before":true})"));
  EXPECT_THAT(out("x"), ElementsAre("out 1 {\"type\":\"new\"}\n", "out 1 x\n"));
  load(one(R"("contains":"x")", R"("insert":{"text":"behind"})"));
  EXPECT_THAT(in("x"), ElementsAre("in 1 x", "in 1 behind"));
}

TEST_F(faults_test, RulesApplyOneAfterTheOther) {
  load("[" + one("", R"("delay":{"ms":10})") + "," + one("", R"("delay":{"ms":5})") + "," +
       one(R"("contains":"gone")", R"("drop":true)") + "," + one(R"("contains":"gone")", R"("cut":true)") +
       "]");
  EXPECT_THAT(out("x"), IsEmpty());
  EXPECT_THAT(out("gone"), IsEmpty()) << "a dropped frame reaches no further rule";
  EXPECT_THAT(pass(20), ElementsAre("1015: out 1 x\n"));
}

TEST_F(faults_test, AFrameCanEndOrHoldItsConnection) {
  load(one(R"("nth":1)", R"("close":{"code":4401,"reason":"expired"})"));
  EXPECT_THAT(out("x"), ElementsAre("out 1 x\n", "close 1 4401 expired"));
  load(one(R"("nth":1)", R"("drop":true,"reset":true)"));
  EXPECT_THAT(in("x"), ElementsAre("reset 1"));
  load(one(R"("nth":1)", R"("stall_reading":{"ms":70},"stall_writing":true)"));
  EXPECT_THAT(out("x"), ElementsAre("out 1 x\n", "stall reading 1", "stall writing 1"));
  EXPECT_THAT(pass(100), ElementsAre("1070: resume reading 1"));
  load(one(R"("nth":1)", R"("half_open":{"ms":500})"));
  EXPECT_THAT(in("x"), ElementsAre("in 1 x", "abandon 1"));
  EXPECT_THAT(pass(600), ElementsAre("1600: forget 1"));
}

TEST_F(faults_test, NothingOfAConnectionLeavesAfterItsEnd) {
  load(one("", R"("delay":{"ms":100},"stall_reading":{"ms":50})"));
  out("x");
  EXPECT_FALSE(faults.idle());
  faults.on_end(1);
  EXPECT_EQ(faults.next(), std::nullopt);
  EXPECT_THAT(pass(200), IsEmpty());
}

TEST_F(faults_test, TheClockActsOnEveryConnectionOfTheGateways) {
  load(one(R"("on":"time","after_ms":10,"every_ms":20,"gateway":"gw-*")", R"("insert":{"text":"hey"})",
           R"(,"times":2)"));
  open(2, "gw-2");
  open(3, "other");
  EXPECT_THAT(pass(100), ElementsAre("1010: out 1 hey\n", "1010: out 2 hey\n", "1030: out 1 hey\n",
                                     "1030: out 2 hey\n"));
  EXPECT_EQ(faults.next(), std::nullopt);
}

TEST_F(faults_test, TheConnectorItselfCanFail) {
  load("[" + one(R"("on":"time","after_ms":5)", R"("expire_tokens":true)") + "," +
       one(R"("on":"time","after_ms":10,"gateway":"gw-1")", R"("revoke_tokens":{"reason":"gone"})") + "," +
       one(R"("on":"time","after_ms":20)", R"("shift_clock":{"seconds":600,"ms":5})") + "," +
       one(R"("on":"time","after_ms":30)", R"("replay":{"events":9})") + "," +
       one(R"("on":"time","after_ms":40)", R"("poke":{"times":2,"every_ms":3})") + "," +
       one(R"("on":"time","after_ms":50)", R"("outage":{"ms":4})") + "]");
  EXPECT_THAT(pass(100), ElementsAre("1005: expire  expired", "1010: revoke gw-1 gone", "1020: clock 600",
                                     "1025: clock 0", "1030: replay  9", "1040: poke ", "1043: poke ",
                                     "1050: down", "1054: up"));
}

TEST_F(faults_test, SomethingCanBeDoneByHand) {
  load(R"({"rules":[]})");
  std::vector<problem> told;
  auto x = parse_one_off(R"({"close":{"code":1012,"reason":"restart"}})", told);
  ASSERT_TRUE(x);
  EXPECT_THAT(in_short(faults.fire(*x, now)), ElementsAre("close 1 1012 restart"));
  EXPECT_THAT(did(), ElementsAre(": close 1012"));
}

TEST_F(faults_test, RulesComeAndGoWhileItRuns) {
  load(one(R"("contains":"a")", R"("drop":true)"));
  EXPECT_THAT(faults.add(read(one(R"("contains":"b")", R"("drop":true)")), now), ElementsAre(2U));
  EXPECT_THAT(out("b"), IsEmpty());
  EXPECT_TRUE(faults.remove(1));
  EXPECT_FALSE(faults.remove(1));
  EXPECT_EQ(out("a").size(), 1U);
  EXPECT_THAT(faults.status(), HasSubstr(R"("id":2,"name":"#2","matched":1,"used":1,"rule":{"when")"));
  faults.clear();
  EXPECT_TRUE(faults.idle());
}

} // namespace
} // namespace relay::connector::faults
