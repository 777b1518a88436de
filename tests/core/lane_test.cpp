#include "lane_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace {

using namespace rig;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// -- order ------------------------------------------------------------------------------------------

TEST(Lane, OneAtATimeInTheOrderGiven) {
  driver d;
  d.link();
  EXPECT_THAT(contents(d.push(text(1, "one"))), ElementsAre("one"));
  EXPECT_THAT(contents(d.push(text(2, "two"))), IsEmpty());
  EXPECT_THAT(contents(d.push(text(3, "three"))), IsEmpty());
  auto step = d.settle(ok("m1"));
  EXPECT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result, ok("m1"));
  EXPECT_THAT(contents(step), ElementsAre("two"));
  EXPECT_THAT(contents(d.settle(action_result::failed("x", "no"))), ElementsAre("three"));
  EXPECT_THAT(tokens(d.settle(ok("m3"))), ElementsAre(3));
  EXPECT_FALSE(d.lane.busy());
}

TEST(Lane, AnAnswerToAnotherPieceIsIgnored) {
  driver d;
  d.link();
  d.push(text(1, "one"));
  ++d.piece;
  EXPECT_THAT(tokens(d.settle(ok("x"))), IsEmpty());
  d.piece -= 2;
  EXPECT_THAT(tokens(d.settle(ok("x"))), IsEmpty());
  EXPECT_TRUE(d.lane.busy());
  ++d.piece;
  EXPECT_THAT(tokens(d.settle(ok("x"))), ElementsAre(1));
  EXPECT_THAT(tokens(d.settle(ok("x"))), IsEmpty()) << "told twice";
}

TEST(Lane, WaitingEditsOfAMessageCollapseIntoTheNewest) {
  driver d;
  d.link();
  d.push(edit(1, "m", "a"));
  d.push(edit(2, "m", "b"));
  d.push(edit(3, "other", "x"));
  d.push(edit(4, "m", "c"));
  EXPECT_EQ(d.lane.size(), 3U);
  EXPECT_THAT(contents(d.settle(ok(""))), ElementsAre("x")) << "the one on the wire is not touched";
  EXPECT_THAT(contents(d.settle(ok(""))), ElementsAre("c"));
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(2, 4));
}

TEST(Lane, ACollapsedEditOvertakesNothing) {
  driver d;
  d.push(edit(1, "m", "a"));
  d.push(text(2, "between"));
  d.push(edit(3, "m", "b"));
  EXPECT_THAT(contents(d.link()), ElementsAre("between"));
  EXPECT_THAT(contents(d.settle(ok(""))), ElementsAre("b"));
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(1, 3));
}

TEST(Lane, EditsDoNotCollapseAcrossWhatTouchesTheSameMessage) {
  driver d;
  d.push(edit(1, "m", "a"));
  auto react = make(2, op::react, "");
  react.act.message_id = "m";
  d.push(react);
  d.push(edit(3, "m", "b"));
  EXPECT_EQ(d.lane.size(), 3U);
}

TEST(Lane, EditsOfDifferentRoutesDoNotCollapse) {
  driver d;
  d.push(edit(1, "m", "a"));
  auto other = edit(2, "m", "b");
  other.where.who.user_id = "somebody else";
  d.push(other);
  EXPECT_EQ(d.lane.size(), 2U);
}

// -- courtesies and capabilities ----------------------------------------------------------------------

TEST(Lane, TypingThatWouldWaitIsDroppedAsDone) {
  driver d;
  auto step = d.push(make(1, op::typing, "on"));
  EXPECT_THAT(tokens(step), ElementsAre(1)) << "no link";
  EXPECT_EQ(step.done[0].result, action_result::success());
  d.link();
  EXPECT_THAT(contents(d.push(make(2, op::typing, "on"))), ElementsAre("on"));
  EXPECT_THAT(tokens(d.push(make(3, op::typing, "on"))), ElementsAre(3)) << "busy";
  step = d.unwritten();
  EXPECT_THAT(tokens(step), ElementsAre(2)) << "it would have to wait for the next link";
  EXPECT_EQ(step.done[0].result.how, outcome::done);
  EXPECT_THAT(contents(d.link()), IsEmpty());
}

TEST(Lane, F65_ATypingThatClearsTheStatusIsNotDropped) {
  driver d;
  auto clear = make(2, op::typing, "");
  clear.act.rest = R"({"content":""})";
  d.link();
  d.push(text(1, "one"));
  EXPECT_THAT(tokens(d.push(clear)), IsEmpty());
  EXPECT_EQ(d.settle(ok("m")).out.size(), 1U);
  EXPECT_THAT(tokens(d.unwritten()), IsEmpty());
  EXPECT_EQ(d.link().out.size(), 1U);
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(2));
}

TEST(Lane, F65_AConnectorOfOldHearsNoClear) {
  driver d;
  auto clear = make(1, op::typing, "");
  clear.act.rest = R"({"content":""})";
  d.link(set_of({platform("p", 10, {})}));
  auto step = d.push(clear);
  EXPECT_THAT(step.out, IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::done);
  EXPECT_EQ(d.push(make(2, op::typing, "")).out.size(), 1U); // the indicator itself is as old as they are
}

TEST(Lane, WhatThePlatformDoesNotOfferIsNeverSent) {
  driver d;
  d.link();
  auto step = d.push(make(1, op::remove, ""));
  EXPECT_THAT(contents(step), IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "unsupported");
  EXPECT_THAT(step.done[0].result.error, HasSubstr("delete"));
  EXPECT_THAT(step.done[0].result.error, HasSubstr("'p'"));
}

TEST(Lane, ReactAndTypingSucceedSilentlyWhereTheyAreNotOffered) {
  driver d;
  d.link(set_of({platform("p", 10, {"send"})}));
  for (auto kind : {op::react, op::typing}) {
    auto step = d.push(make(1, kind, "x"));
    EXPECT_THAT(contents(step), IsEmpty());
    ASSERT_THAT(tokens(step), ElementsAre(1));
    EXPECT_EQ(step.done[0].result, action_result::success());
  }
}

TEST(Lane, ADraftNeedsTheStreamingFlagToo) {
  for (auto flag : {false, true}) {
    auto p = platform("p", 10, {"send", "draft"});
    p.supports_draft_streaming = flag;
    driver d;
    d.link(set_of({p}));
    EXPECT_EQ(d.push(make(1, op::draft, "x")).out.size(), flag ? 1U : 0U);
  }
}

/// A prompt with two options.
chat_action prompt(std::uint64_t token, std::string content) {
  auto x = make(token, op::prompt, std::move(content));
  x.act.rest = R"({"prompt_kind":"choice","prompt_id":"n.1","options":[{"id":"a","label":"A"},)"
               R"({"id":"b","label":"B"}]})";
  return x;
}

TEST(Lane, APromptIsShownAsItsPlatformCan) {
  for (auto drawn : {false, true}) {
    driver d;
    d.link(set_of({platform(
        "p", 100, drawn ? std::vector<std::string>{"send", "prompt"} : std::vector<std::string>{"send"})}));
    auto step = d.push(prompt(1, "which?"));
    ASSERT_EQ(step.out.size(), 1U);
    ASSERT_EQ(step.shown.size(), 1U);
    EXPECT_EQ(step.shown[0], (prompt_shown{"n.1", drawn ? prompt_face::buttons : prompt_face::numbers}));
    EXPECT_EQ(step.out[0].act.kind, drawn ? op::prompt : op::send);
    EXPECT_EQ(step.out[0].act.content, drawn ? "which?" : "which?\n\n1. A\n2. B");
    EXPECT_EQ(step.out[0].act.rest.empty(), !drawn);
    EXPECT_THAT(tokens(d.settle(ok("m"))), ElementsAre(1));
  }
}

TEST(Lane, APromptThatCannotEvenBeWrittenIsUnsupported) {
  driver d;
  d.link(set_of({platform("p", 100, {"typing"})}));
  auto step = d.push(prompt(1, "which?"));
  EXPECT_TRUE(step.out.empty() && step.shown.empty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.code, "unsupported");
}

TEST(Lane, EachConnectionDecidesHowAPromptIsShownUntilAPieceHasLeft) {
  const auto text_only = set_of({platform("p", 10, {"send"})});
  const auto drawing = set_of({platform("p", 10, {"send", "prompt"})});
  driver d;
  d.link(text_only);
  d.push(prompt(1, "a long question"));
  d.unwritten();
  auto step = d.link(drawing);
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.kind, op::prompt);
  EXPECT_EQ(step.out[0].act.content, "a long question") << "not the piece of the text that it was";
  EXPECT_EQ(step.shown.at(0).how, prompt_face::buttons);
  d.unwritten();
  step = d.link(text_only);
  EXPECT_EQ(step.shown.at(0).how, prompt_face::numbers);
  d.settle(ok("m1"));
  d.unwritten();
  step = d.link(drawing);
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.kind, op::send) << "the first piece is out: the rest follows";
}

TEST(Lane, UnsupportedOnesInBetweenHoldNothingUp) {
  driver d;
  d.link();
  d.push(text(1, "one"));
  d.push(make(2, op::remove, ""));
  d.push(make(3, op::remove, ""));
  d.push(text(4, "four"));
  auto step = d.settle(ok("m"));
  EXPECT_THAT(tokens(step), ElementsAre(1, 2, 3));
  EXPECT_THAT(contents(step), ElementsAre("four"));
}

TEST(Lane, F42_APlatformThatTheConnectorDidNotDescribeHasTheContractsDefaults) {
  driver d;
  d.link(set_of({platform("other", 1, {"react"})}));
  auto step = d.push(text(1, std::string(4096, 'x')));
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.content.size(), 4096U);
  d.settle(ok(""));
  EXPECT_EQ(d.push(make(2, op::remove, "")).done.size(), 1U) << "the legacy set has no delete";
  EXPECT_EQ(d.push(edit(3, "m", "x")).out.size(), 1U);
}

TEST(Lane, F38_TheLimitIsTheDestinationsOwn) {
  auto known = set_of({platform("wide", 4096, {}), platform("p", 2000, {})});
  EXPECT_EQ(destination(known.get(), "p").max_message_length, 2000U);
  EXPECT_EQ(destination(known.get(), "").max_message_length, 4096U) << "untagged: the session default's";
  EXPECT_EQ(destination(known.get(), "nobody").max_message_length, 4096U);
  EXPECT_EQ(destination(nullptr, "p").max_message_length, 4096U);
  driver d;
  d.link(known);
  EXPECT_EQ(d.push(text(1, std::string(2001, 'x'))).out[0].act.content.size(), 2000U);
}

// -- split sends --------------------------------------------------------------------------------------

TEST(Lane, ALongSendGoesInPieces) {
  driver d;
  d.link();
  auto x = text(1, "aaaa bbbb cccc dddd");
  x.act.reply_to = "r";
  auto step = d.push(x);
  d.push(text(2, "next"));
  EXPECT_THAT(contents(step), ElementsAre("aaaa bbbb"));
  EXPECT_EQ(step.out[0].act.reply_to, "r");
  step = d.settle(ok("m1"));
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(contents(step), ElementsAre("cccc dddd"));
  EXPECT_EQ(step.out[0].act.reply_to, "") << "the first piece carries it";
  step = d.settle(ok("m2"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.message_id, "m2");
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1", "m2"));
  EXPECT_EQ(step.done[0].result.raw, "") << "it would tell of the last piece only";
  EXPECT_THAT(contents(step), ElementsAre("next"));
}

TEST(Lane, AnythingButASendIsNotSplit) {
  driver d;
  d.link();
  EXPECT_THAT(contents(d.push(edit(1, "m", std::string(50, 'x')))), ElementsAre(std::string(50, 'x')));
}

TEST(Lane, AFailedPieceEndsTheSendAndSaysWhatWasSent) {
  driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  auto no = action_result::failed("odd", "the platform said no");
  no.raw = R"({"success":false})";
  auto step = d.settle(no);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "odd");
  EXPECT_THAT(step.done[0].result.error, HasSubstr("piece 2 of 3"));
  EXPECT_THAT(step.done[0].result.error, HasSubstr("the platform said no"));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1"));
  EXPECT_EQ(step.done[0].result.raw, "");
  EXPECT_FALSE(d.lane.busy());
}

TEST(Lane, AFailedFirstPieceIsTheConnectorsOwnAnswer) {
  driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  auto no = action_result::failed("odd", "the platform said no");
  no.raw = R"({"success":false})";
  EXPECT_EQ(d.settle(no).done.at(0).result, no);
}

TEST(Lane, F54_ARefusalInTheMiddleIsHandedOnVerbatim) {
  driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  auto step = d.settle(action_result::failed("egress_declined", "egress declined: not your chat"));
  EXPECT_EQ(step.done.at(0).result.error, "egress declined: not your chat");
  EXPECT_EQ(step.done.at(0).result.code, "egress_declined");
  EXPECT_THAT(step.done.at(0).result.message_ids, ElementsAre("m1"));
}

// -- links that come and go -----------------------------------------------------------------------------

TEST(Lane, F3_HeldWhileDownThenSentOnTheNextLink) {
  driver d;
  EXPECT_THAT(contents(d.push(text(1, "one"))), IsEmpty());
  d.push(text(2, "two"));
  EXPECT_EQ(d.lane.due(), deadline{start + 30s});
  EXPECT_THAT(tokens(d.expire(start + 29s)), IsEmpty());
  EXPECT_THAT(contents(d.link()), ElementsAre("one"));
  EXPECT_EQ(d.lane.due(), deadline{}) << "with a link nothing expires";
  EXPECT_THAT(tokens(d.expire(start + 1h)), IsEmpty());
}

TEST(Lane, F3_HeldTooLongFailsAsDefinite) {
  driver d;
  d.push(make(1, op::send, "one", start + 5s));
  d.push(make(2, op::send, "two", start + 9s));
  d.push(make(3, op::send, "three", start + 5s));
  EXPECT_EQ(d.lane.due(), deadline{start + 5s});
  auto step = d.expire(start + 5s);
  ASSERT_THAT(tokens(step), ElementsAre(1, 3));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "not_connected");
  EXPECT_EQ(d.lane.due(), deadline{start + 9s});
  EXPECT_THAT(contents(d.link()), ElementsAre("two"));
}

TEST(Lane, EachCallerOfACollapsedEditIsHeldForItsOwnTime) {
  driver d;
  auto early = edit(1, "m", "a"), late = edit(2, "m", "b");
  early.hold_until = (start + 5s).time_since_epoch() / 1ns;
  d.push(early);
  d.push(late);
  EXPECT_EQ(d.lane.due(), deadline{start + 5s});
  EXPECT_THAT(tokens(d.expire(start + 5s)), ElementsAre(1));
  EXPECT_THAT(contents(d.link()), ElementsAre("b"));
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(2));
}

TEST(Lane, TheNewestOfCollapsedEditsIsHeldAsLongAsAnyOther) {
  driver d;
  auto early = edit(2, "m", "b");
  early.hold_until = (start + 5s).time_since_epoch() / 1ns;
  d.push(edit(1, "m", "a"));
  d.push(early);
  EXPECT_THAT(tokens(d.expire(start + 6s)), IsEmpty()) << "its content may still be sent";
  EXPECT_THAT(tokens(d.expire(start + 30s)), ElementsAre(1, 2));
}

TEST(Lane, F6_WrittenWithoutAResultIsUnknownAndNeverSentAgain) {
  driver d;
  d.link();
  d.push(text(1, "one"));
  d.push(text(2, "two"));
  auto step = d.down();
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
  EXPECT_THAT(contents(step), IsEmpty()) << "nothing goes to a link that is gone";
  EXPECT_THAT(tokens(d.settle(ok("late"))), IsEmpty());
  step = d.link();
  EXPECT_THAT(contents(step), ElementsAre("two"));
  EXPECT_THAT(tokens(step), IsEmpty());
}

TEST(Lane, F6_ANewLinkInPlaceOfTheOldOneSettlesToo) {
  driver d;
  d.link();
  d.push(text(1, "one"));
  d.push(text(2, "two"));
  auto step = d.link();
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
  EXPECT_THAT(contents(step), ElementsAre("two"));
}

TEST(Lane, F6_WhatWasNeverWrittenGoesFirstOnTheNextLink) {
  driver d;
  d.link();
  auto first = d.push(text(1, "one")).out.at(0).piece;
  d.push(text(2, "two"));
  auto step = d.unwritten();
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(contents(step), IsEmpty()) << "that connection is gone";
  EXPECT_EQ(d.lane.due(), deadline{start + 30s});
  EXPECT_THAT(contents(d.down()), IsEmpty());
  step = d.link();
  EXPECT_THAT(contents(step), ElementsAre("one"));
  EXPECT_NE(step.out[0].piece, first) << "a late answer must not be taken for this one's";
  EXPECT_THAT(tokens(d.settle(ok("m"))), ElementsAre(1));
}

TEST(Lane, F6_ASplitSendGoesOnWhereItStopped) {
  driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  d.unwritten();
  d.down();
  EXPECT_THAT(contents(d.link()), ElementsAre("cccc dddd"));
  d.settle(ok("m2"));
  EXPECT_THAT(d.settle(ok("m3")).done.at(0).result.message_ids, ElementsAre("m1", "m2", "m3"));
}

TEST(Lane, F6_ASplitSendThatIsHeldTooLongSaysWhatWasSent) {
  driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  d.unwritten();
  auto step = d.expire(start + 30s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(step.done[0].result.error, HasSubstr("first 1 of 3"));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1"));
}

TEST(Lane, WhatIsOutOnAClosingConnectionStillGetsItsResult) {
  driver d;
  d.link();
  d.push(text(1, "one"));
  d.push(text(2, "two"));
  EXPECT_THAT(tokens(d.closing()), IsEmpty());
  auto step = d.settle(ok("m1"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::done);
  EXPECT_THAT(contents(step), IsEmpty()) << "the next one waits for a link";
  EXPECT_THAT(contents(d.link()), ElementsAre("two"));
}

TEST(Lane, F6_ALostPieceOfASplitSendIsUnknown) {
  driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  auto step = d.down();
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1"));
  EXPECT_THAT(contents(d.link()), IsEmpty());
}

TEST(Lane, TheLimitOfTheConnectionThatTakesTheFirstPieceCounts) {
  driver d;
  d.link(set_of({platform("p", 100, {})}));
  d.push(text(1, "aaaa bbbb cccc dddd"));
  d.unwritten();
  EXPECT_THAT(contents(d.link()), ElementsAre("aaaa bbbb"));
}

TEST(Lane, F42_AFurtherDescriptorSettlesNothing) {
  driver d;
  d.link(set_of({platform("first", 100, {})}));
  d.push(text(1, "one"));
  d.push(text(2, "aaaa bbbb cccc dddd"));
  d.lane.describe(set_of({platform("first", 100, {}), platform("p", 10, {})}));
  auto step = d.settle(ok("m1"));
  EXPECT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(contents(step), ElementsAre("aaaa bbbb")) << "but its limit counts from here on";
  d.down();
  d.lane.describe(usual());
  EXPECT_THAT(contents(d.push(text(3, "three"))), IsEmpty()) << "a description is not a link";
}

// -- model --------------------------------------------------------------------------------------------------

/// What the world saw of one action.
struct trace {
  op kind = op::send;
  std::string message;
  instant hold{};
  int done = 0;
  action_result result;
  int written_done = 0, unknown = 0, declined = 0, unwritten = 0;
};

RC_GTEST_PROP(LaneProperty, OrderOneInFlightAndOneOutcomeEach, ()) {
  core::lane lane;
  std::map<std::uint64_t, trace> all; // by token, which is the order of pushing
  std::map<std::string, std::uint64_t> by_content;
  bool up = false;
  std::uint64_t piece = 0;
  std::uint64_t pushed = 0, in_flight = 0, last_sent = 0; // tokens; 0 = none
  instant now = start, latest = start;

  auto look = [&](const lane_step& step) {
    for (auto& x : step.out) {
      RC_ASSERT(up);
      RC_ASSERT(in_flight == 0U);
      auto token = by_content.at(x.act.content.substr(0, x.act.content.find(' ')));
      RC_ASSERT(token >= last_sent); // a piece of it, or one that was never written, may come again
      RC_ASSERT(all.at(token).done == 0);
      RC_ASSERT(x.piece > piece);
      last_sent = in_flight = token;
      piece = x.piece;
    }
    for (auto& x : step.done) {
      ++all.at(x.token).done;
      all.at(x.token).result = x.result;
    }
  };
  auto settle = [&](const action_result& result, bool written) {
    auto& t = all.at(in_flight);
    if (!written)
      ++t.unwritten, up = false;
    else if (result.how == outcome::done)
      ++t.written_done;
    else if (result.how == outcome::unknown)
      ++t.unknown;
    else
      ++t.declined;
    in_flight = 0;
    lane_step step;
    lane.settled({piece, result, written}, step);
    look(step);
  };
  auto relink = [&](bool to_up) {
    if (in_flight != 0) ++all.at(in_flight).unknown;
    in_flight = 0;
    up = to_up;
    lane_step step;
    if (!to_up) lane.abandon(step);
    lane.link(to_up ? usual() : nullptr, step);
    look(step);
  };

  auto steps = *rc::gen::inRange(1, 100);
  for (int i = 0; i < steps; ++i) {
    switch (
        *rc::gen::weightedElement<int>({{10, 0}, {3, 1}, {2, 2}, {8, 3}, {2, 4}, {1, 5}, {3, 6}, {1, 7}})) {
    case 0: {
      auto token = ++pushed;
      auto& t = all[token];
      t.hold = latest = std::max(latest, now + milliseconds{*rc::gen::inRange(1, 5'000)});
      t.kind =
          *rc::gen::weightedElement<op>({{5, op::send}, {5, op::edit}, {1, op::typing}, {1, op::remove}});
      if (t.kind == op::edit) t.message = *rc::gen::element<std::string>("m1", "m2");
      auto name = "#" + std::to_string(token);
      by_content[name] = token;
      auto content = name;
      if (t.kind == op::send) // every piece of it begins with its name
        for (int n = *rc::gen::inRange(0, 3); n > 0; --n) content += " xxxx\n" + name;
      auto x = make(token, t.kind, content, t.hold);
      x.act.message_id = t.message;
      auto waits = in_flight != 0 || !up || lane.busy();
      lane_step step;
      lane.push(x, step);
      look(step);
      if (t.kind == op::typing && waits) RC_ASSERT(t.done == 1 && t.result.how == outcome::done);
      break;
    }
    case 1: relink(true); break;
    case 2: relink(false); break;
    case 3:
      if (in_flight != 0) settle(ok("m"), true);
      break;
    case 4:
      if (in_flight != 0) settle(action_result::failed("odd", "no"), true);
      break;
    case 5:
      if (in_flight != 0) settle(action_result::failed("not_connected", "not written"), false);
      break;
    case 6: {
      now += milliseconds{*rc::gen::inRange(0, 3'000)};
      lane_step step;
      lane.expire(now, step);
      for (auto& x : step.done) RC_ASSERT(!up && all.at(x.token).hold <= now);
      look(step);
      if (!up)
        for (auto& [token, t] : all) RC_ASSERT(t.done == 1 || t.hold > now);
      break;
    }
    default: { // a ghost of an earlier connection
      lane_step step;
      lane.settled({piece + *rc::gen::element<std::uint64_t>(1, 7), ok("ghost"), true}, step);
      RC_ASSERT(step.out.empty() && step.done.empty());
      break;
    }
    }
    RC_ASSERT(lane.due().has_value() == (!up && lane.busy()));
  }

  // Every token gets its outcome in the end.
  if (!up) relink(true);
  while (in_flight != 0) settle(ok("m"), true);
  RC_ASSERT(!lane.busy());
  for (auto& [token, t] : all) {
    RC_ASSERT(t.done == 1);
    if (t.kind == op::typing) continue;
    auto superseded = t.kind == op::edit && t.written_done + t.unknown + t.declined == 0;
    switch (t.result.how) {
    case outcome::done: RC_ASSERT(superseded || t.written_done > 0); break;
    case outcome::unknown: RC_ASSERT(superseded || t.unknown == 1); break;
    case outcome::definite:
      if (t.result.code == "unsupported")
        RC_ASSERT(t.kind == op::remove);
      else if (t.result.code == "not_connected")
        RC_ASSERT(t.declined + t.unknown == 0);
      else
        RC_ASSERT(superseded || t.declined == 1);
      break;
    }
  }
}

} // namespace
} // namespace relay::core
