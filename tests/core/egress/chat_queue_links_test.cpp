// Links that come and go: what is held, what is unknown, where a split send goes on.
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay::core {
namespace chat_queue_links_test {

using namespace rig;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ChatQueue, F3_HeldWhileDownThenSentOnTheNextLink) {
  chat_queue_driver d;
  EXPECT_THAT(contents(d.push(text(1, "one"))), IsEmpty());
  d.push(text(2, "two"));
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 30s});
  EXPECT_THAT(tokens(d.expire(start + 29s)), IsEmpty());
  EXPECT_THAT(contents(d.link()), ElementsAre("one"));
  EXPECT_EQ(d.chat_queue.due(), deadline{}) << "with a link nothing expires";
  EXPECT_THAT(tokens(d.expire(start + 1h)), IsEmpty());
}

TEST(ChatQueue, F3_HeldTooLongFailsAsDefinite) {
  chat_queue_driver d;
  d.push(make(1, op::send, "one", start + 5s));
  d.push(make(2, op::send, "two", start + 9s));
  d.push(make(3, op::send, "three", start + 5s));
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 5s});
  auto step = d.expire(start + 5s);
  ASSERT_THAT(tokens(step), ElementsAre(1, 3));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "not_connected");
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 9s});
  EXPECT_THAT(contents(d.link()), ElementsAre("two"));
}

TEST(ChatQueue, WhatWasSentOfASplitTextIsNamedWhenTheRestComesTooLate) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "one two three"));
  EXPECT_THAT(contents(d.settle(ok("m1"))), ElementsAre("three"));
  d.closing();
  EXPECT_THAT(tokens(d.unwritten()), IsEmpty());
  auto step = d.expire(start + 31s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(step.done[0].result.error, HasSubstr("only the first 1 of 2 pieces were sent"));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1"));
}

TEST(ChatQueue, SoItIsWhenTheRestWasLostAndComesNoMore) {
  chat_queue_driver d;
  d.link();
  auto x = text(1, "one two three");
  x.resend = true;
  d.push(std::move(x));
  EXPECT_THAT(contents(d.settle(ok("m1"))), ElementsAre("three"));
  EXPECT_THAT(tokens(d.down()), IsEmpty()) << "it may go out again";
  auto step = d.expire(start + 31s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1"));
}

TEST(ChatQueue, EachCallerOfACollapsedEditIsHeldForItsOwnTime) {
  chat_queue_driver d;
  auto early = edit(1, "m", "a"), late = edit(2, "m", "b");
  early.hold_until = (start + 5s).time_since_epoch() / 1ns;
  d.push(early);
  d.push(late);
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 5s});
  EXPECT_THAT(tokens(d.expire(start + 5s)), ElementsAre(1));
  EXPECT_THAT(contents(d.link()), ElementsAre("b"));
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(2));
}

TEST(ChatQueue, WhatAnEditLeavesOverIsTakenAwayOnTheNextLinkToo) {
  const auto with_delete = set_of({platform("p", 10, {"send", "edit", "delete"})});
  chat_queue_driver d;
  d.link(with_delete);
  d.push(edit(1, "m", "one two three"));
  EXPECT_THAT(contents(d.settle(ok(""))), ElementsAre("three"));
  EXPECT_THAT(tokens(d.settle(ok("m2"))), ElementsAre(1));
  d.push(edit(2, "m", "one"));
  auto step = d.settle(ok(""));
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.kind, op::remove);
  EXPECT_THAT(tokens(d.down()), IsEmpty()) << "whether it is gone is unknown";
  step = d.link(with_delete);
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.kind, op::remove);
  EXPECT_EQ(step.out[0].act.message_id, "m2");
  step = d.settle(action_result::failed("", "there is no such message")); // it was gone
  ASSERT_THAT(tokens(step), ElementsAre(2));
  EXPECT_EQ(step.done[0].result.how, outcome::done);
}

TEST(ChatQueue, TheNewestOfCollapsedEditsIsHeldAsLongAsAnyOther) {
  chat_queue_driver d;
  auto early = edit(2, "m", "b");
  early.hold_until = (start + 5s).time_since_epoch() / 1ns;
  d.push(edit(1, "m", "a"));
  d.push(early);
  EXPECT_THAT(tokens(d.expire(start + 6s)), IsEmpty()) << "its content may still be sent";
  EXPECT_THAT(tokens(d.expire(start + 30s)), ElementsAre(1, 2));
}

TEST(ChatQueue, F6_WrittenWithoutAResultIsUnknownAndNeverSentAgain) {
  chat_queue_driver d;
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

TEST(ChatQueue, F6_ANewLinkInPlaceOfTheOldOneSettlesToo) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "one"));
  d.push(text(2, "two"));
  auto step = d.link();
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
  EXPECT_THAT(contents(step), ElementsAre("two"));
}

TEST(ChatQueue, F6_WhatWasNeverWrittenGoesFirstOnTheNextLink) {
  chat_queue_driver d;
  d.link();
  auto first = d.push(text(1, "one")).out.at(0).piece;
  d.push(text(2, "two"));
  auto step = d.unwritten();
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(contents(step), IsEmpty()) << "that connection is gone";
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 30s});
  EXPECT_THAT(contents(d.down()), IsEmpty());
  step = d.link();
  EXPECT_THAT(contents(step), ElementsAre("one"));
  EXPECT_NE(step.out[0].piece, first) << "a late answer must not be taken for this one's";
  EXPECT_THAT(tokens(d.settle(ok("m"))), ElementsAre(1));
}

TEST(ChatQueue, F6_ASplitSendGoesOnWhereItStopped) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  d.unwritten();
  d.down();
  EXPECT_THAT(contents(d.link()), ElementsAre("cccc dddd"));
  d.settle(ok("m2"));
  EXPECT_THAT(d.settle(ok("m3")).done.at(0).result.message_ids, ElementsAre("m1", "m2", "m3"));
}

TEST(ChatQueue, F6_ASplitSendThatIsHeldTooLongSaysWhatWasSent) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  d.unwritten();
  auto step = d.expire(start + 30s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(step.done[0].result.error, HasSubstr("first 1 of 3"));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1"));
}

TEST(ChatQueue, WhatIsOutOnAClosingConnectionStillGetsItsResult) {
  chat_queue_driver d;
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

TEST(ChatQueue, F6_ALostPieceOfASplitSendIsUnknown) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "aaaa bbbb cccc dddd eeee"));
  d.settle(ok("m1"));
  auto step = d.down();
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1"));
  EXPECT_THAT(contents(d.link()), IsEmpty());
}

TEST(ChatQueue, TheLimitOfTheConnectionThatTakesTheFirstPieceCounts) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 100, {})}));
  d.push(text(1, "aaaa bbbb cccc dddd"));
  d.unwritten();
  EXPECT_THAT(contents(d.link()), ElementsAre("aaaa bbbb"));
}

TEST(ChatQueue, F42_AFurtherDescriptorSettlesNothing) {
  chat_queue_driver d;
  d.link(set_of({platform("first", 100, {})}));
  d.push(text(1, "one"));
  d.push(text(2, "aaaa bbbb cccc dddd"));
  d.chat_queue.describe(set_of({platform("first", 100, {}), platform("p", 10, {})}));
  auto step = d.settle(ok("m1"));
  EXPECT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(contents(step), ElementsAre("aaaa bbbb")) << "but its limit counts from here on";
  d.down();
  d.chat_queue.describe(usual());
  EXPECT_THAT(contents(d.push(text(3, "three"))), IsEmpty()) << "a description is not a link";
}

} // namespace chat_queue_links_test
} // namespace relay::core
