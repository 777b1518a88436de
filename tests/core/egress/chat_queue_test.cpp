// One chat: order, edits that collapse, long sends in pieces.
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace chat_queue_test {

using namespace rig;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// -- order ------------------------------------------------------------------------------------------

TEST(ChatQueue, OneAtATimeInTheOrderGiven) {
  chat_queue_driver d;
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
  EXPECT_FALSE(d.chat_queue.busy());
}

TEST(ChatQueue, AnAnswerToAnotherPieceIsIgnored) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "one"));
  ++d.piece;
  EXPECT_THAT(tokens(d.settle(ok("x"))), IsEmpty());
  d.piece -= 2;
  EXPECT_THAT(tokens(d.settle(ok("x"))), IsEmpty());
  EXPECT_TRUE(d.chat_queue.busy());
  ++d.piece;
  EXPECT_THAT(tokens(d.settle(ok("x"))), ElementsAre(1));
  EXPECT_THAT(tokens(d.settle(ok("x"))), IsEmpty()) << "told twice";
}

TEST(ChatQueue, WaitingEditsOfAMessageCollapseIntoTheNewest) {
  chat_queue_driver d;
  d.link();
  d.push(edit(1, "m", "a"));
  d.push(edit(2, "m", "b"));
  d.push(edit(3, "other", "x"));
  d.push(edit(4, "m", "c"));
  EXPECT_EQ(d.chat_queue.size(), 3U);
  EXPECT_THAT(contents(d.settle(ok(""))), ElementsAre("x")) << "the one on the wire is not touched";
  EXPECT_THAT(contents(d.settle(ok(""))), ElementsAre("c"));
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(2, 4));
}

TEST(ChatQueue, ACollapsedEditOvertakesNothing) {
  chat_queue_driver d;
  d.push(edit(1, "m", "a"));
  d.push(text(2, "between"));
  d.push(edit(3, "m", "b"));
  EXPECT_THAT(contents(d.link()), ElementsAre("between"));
  EXPECT_THAT(contents(d.settle(ok(""))), ElementsAre("b"));
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(1, 3));
}

TEST(ChatQueue, EditsDoNotCollapseAcrossWhatTouchesTheSameMessage) {
  chat_queue_driver d;
  d.push(edit(1, "m", "a"));
  auto react = make(2, op::react, "");
  react.act.message_id = "m";
  d.push(react);
  d.push(edit(3, "m", "b"));
  EXPECT_EQ(d.chat_queue.size(), 3U);
}

TEST(ChatQueue, EditsOfDifferentRoutesDoNotCollapse) {
  chat_queue_driver d;
  d.push(edit(1, "m", "a"));
  auto other = edit(2, "m", "b");
  other.where.who.user_id = "somebody else";
  d.push(other);
  EXPECT_EQ(d.chat_queue.size(), 2U);
}

// -- split sends --------------------------------------------------------------------------------------

TEST(ChatQueue, ALongSendGoesInPieces) {
  chat_queue_driver d;
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

TEST(ChatQueue, ASinglePieceIsWhatIsSentToo) {
  for (const auto& x : {"words" + std::string(20, ' '), std::string(20, '\n') + "words"}) {
    chat_queue_driver d;
    d.link();
    EXPECT_THAT(contents(d.push(text(1, x))), ElementsAre("words"));
    EXPECT_EQ(d.settle(ok("m1")).done[0].result, ok("m1")) << "the connector's own answer";
  }
}

TEST(ChatQueue, AFenceOfBlanksIsSentAsItWasMeasured) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 40, {"send"})}));
  const auto sent = contents(d.push(text(1, "```\n" + std::string(100, '\n') + "```")));
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_LE(sent[0].size(), 40U);
}

TEST(ChatQueue, WhiteSpaceAloneNeverLeaves) {
  chat_queue_driver d;
  d.link();
  const auto step = d.push(text(1, std::string(100, '\n')));
  EXPECT_THAT(contents(step), IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "bad_action");
  EXPECT_FALSE(d.chat_queue.busy());
}

TEST(ChatQueue, TextsOfWhiteSpaceAloneSayNothing) {
  for (const auto* x : {"", " \t\r\n", "\v\f", "\xC2\xA0", "\xC2\x85", "\xE2\x80\x83", "\xE3\x80\x80"}) {
    for (auto kind : {op::send, op::edit, op::follow_up, op::draft, op::prompt})
      EXPECT_TRUE(says_nothing(make(1, kind, x).act)) << x;
    EXPECT_FALSE(says_nothing(make(1, op::typing, x).act)) << "it clears the status";
    EXPECT_FALSE(says_nothing(make(1, op::send_media, x).act)) << "the file is what it says";
    EXPECT_FALSE(says_nothing(make(1, op::send, std::string{x} + ".").act));
  }
}

TEST(ChatQueue, AFailedPieceEndsTheSendAndSaysWhatWasSent) {
  chat_queue_driver d;
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
  EXPECT_FALSE(d.chat_queue.busy());
}

TEST(ChatQueue, AFailedFirstPieceIsTheConnectorsOwnAnswer) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  auto no = action_result::failed("odd", "the platform said no");
  no.raw = R"({"success":false})";
  EXPECT_EQ(d.settle(no).done.at(0).result, no);
}

TEST(ChatQueue, F54_ARefusalInTheMiddleIsHandedOnVerbatim) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  auto step = d.settle(action_result::failed("egress_declined", "egress declined: not your chat"));
  EXPECT_EQ(step.done.at(0).result.error, "egress declined: not your chat");
  EXPECT_EQ(step.done.at(0).result.code, "egress_declined");
  EXPECT_THAT(step.done.at(0).result.message_ids, ElementsAre("m1"));
}

// -- what is longer than its platform takes -------------------------------------------------------------

/// op@message:content of what goes out.
std::vector<std::string> frames(const chat_queue_step& x) {
  std::vector<std::string> out;
  for (auto& y : x.out)
    out.push_back(std::string{to_string(y.act.kind)} +
                  (y.act.message_id.empty() ? "" : "@" + y.act.message_id) + ":" + y.act.content);
  return out;
}
descriptors_ptr deleting() { return set_of({platform("p", 10, {"send", "edit", "delete", "follow_up"})}); }

TEST(ChatQueue, AnEditThatGrowsGoesOnInFurtherMessagesAndItsNextOneEditsThem) {
  chat_queue_driver d;
  d.link();
  EXPECT_THAT(frames(d.push(edit(1, "m", "aaaa bbbb cccc dddd eeee"))), ElementsAre("edit@m:aaaa bbbb"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("send:cccc dddd"));
  EXPECT_THAT(frames(d.settle(ok("n1"))), ElementsAre("send:eeee"));
  auto step = d.settle(ok("n2"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m", "n1", "n2"));
  EXPECT_EQ(step.done[0].result.message_id, "n2");
  EXPECT_THAT(frames(d.push(edit(2, "m", "aaaa bbbb cccc xxxx yyyy zzzz 1"))),
              ElementsAre("edit@m:aaaa bbbb"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("edit@n1:cccc xxxx"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("edit@n2:yyyy zzzz"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("send:1"));
  step = d.settle(ok("n3"));
  EXPECT_THAT(step.done.at(0).result.message_ids, ElementsAre("m", "n1", "n2", "n3"));
  EXPECT_THAT(frames(d.push(edit(3, "other", "aaaa bbbb cccc"))), ElementsAre("edit@other:aaaa bbbb"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("send:cccc")) << "another message has its own";
}

TEST(ChatQueue, AnEditThatShrinksTakesItsContinuationsBack) {
  chat_queue_driver d;
  d.link(deleting());
  d.push(edit(1, "m", "aaaa bbbb cccc dddd eeee"));
  d.settle(ok(""));
  d.settle(ok("n1"));
  d.settle(ok("n2"));
  EXPECT_THAT(frames(d.push(edit(2, "m", "short"))), ElementsAre("edit@m:short"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("delete@n1:"));
  EXPECT_THAT(frames(d.settle(action_result::failed("", "it is gone already"))), ElementsAre("delete@n2:"));
  auto step = d.settle(ok(""));
  ASSERT_THAT(tokens(step), ElementsAre(2));
  EXPECT_EQ(step.done[0].result.how, outcome::done) << "what is cleaned up is no part of it";
  EXPECT_EQ(step.done[0].result.message_id, "m");
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m"));
  EXPECT_THAT(frames(d.push(edit(3, "m", "aaaa bbbb cccc"))), ElementsAre("edit@m:aaaa bbbb"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("edit@n1:cccc")) << "it was not deleted";
}

TEST(ChatQueue, AnEditThatFailsHalfwaySaysWhatCanBeSeen) {
  chat_queue_driver d;
  d.link();
  d.push(edit(1, "m", "aaaa bbbb cccc dddd eeee"));
  d.settle(ok(""));
  auto step = d.settle(action_result::failed("odd", "no"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_THAT(step.done[0].result.error, HasSubstr("piece 2 of 3"));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m"));
}

TEST(ChatQueue, AnEditThatIsHalfwayDoesNotCollapse) {
  chat_queue_driver d;
  d.link();
  d.push(edit(1, "m", "aaaa bbbb cccc"));
  d.settle(ok(""));
  d.unwritten(); // the second piece
  d.push(edit(2, "m", "new"));
  EXPECT_EQ(d.chat_queue.size(), 2U) << "a part of it can be seen";
  EXPECT_THAT(frames(d.link()), ElementsAre("send:cccc"));
  EXPECT_THAT(frames(d.settle(ok("n1"))), ElementsAre("edit@m:new"));
}

TEST(ChatQueue, AnEditThatCannotGoOnIsNotBegun) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 10, {"edit"})}));
  auto step = d.push(edit(1, "m", "aaaa bbbb cccc"));
  EXPECT_THAT(frames(step), IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.code, "unsupported");
}

TEST(ChatQueue, ContinuationsAreRememberedOfABoundedNumberOfMessages) {
  chat_queue_driver d;
  d.link();
  for (int i = 0; i <= 200; ++i) {
    d.push(edit(1, "m" + std::to_string(i), "aaaa bbbb cccc"));
    d.settle(ok(""));
    d.settle(ok("n" + std::to_string(i)));
  }
  d.push(edit(2, "m200", "aaaa bbbb cccc"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("edit@n200:cccc"));
  d.settle(ok(""));
  d.push(edit(3, "m0", "aaaa bbbb cccc"));
  EXPECT_THAT(frames(d.settle(ok(""))), ElementsAre("send:cccc")) << "forgotten";
}

TEST(ChatQueue, ALongFollowUpGoesInPieces) {
  chat_queue_driver d;
  d.link(deleting());
  EXPECT_THAT(frames(d.push(make(1, op::follow_up, "aaaa bbbb cccc"))), ElementsAre("follow_up:aaaa bbbb"));
  EXPECT_THAT(frames(d.settle(ok("m1"))), ElementsAre("follow_up:cccc"));
  auto step = d.settle(ok("m2"));
  EXPECT_THAT(step.done.at(0).result.message_ids, ElementsAre("m1", "m2"));
}

} // namespace chat_queue_test
} // namespace relay::core
