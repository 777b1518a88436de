// A queue that is told to wait (protocol.md 6, Waiting when told to).
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace relay::core {
namespace chat_queue_waits_test {

using namespace rig;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

action_result slow_down(milliseconds wait) {
  auto x = action_result::failed("", "Too Many Requests");
  x.retry_after_ms = wait.count();
  return x;
}

/// A queue whose clock is moved by hand.
struct waiting : ::testing::Test {
  chat_queue_driver d;
  waiting() { d.link(); }
  chat_queue_step at(instant when) {
    d.now = when;
    return d.expire(when);
  }
};

TEST_F(waiting, TheVerySamePieceGoesOutAfterTheWait) {
  d.push(text(1, "aaaa bbbb cccc dddd"));
  d.settle(ok("m1"));
  auto step = d.settle(slow_down(5s));
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(contents(step), IsEmpty());
  EXPECT_EQ(step.waits, 5s);
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 5s});
  EXPECT_THAT(contents(at(start + 4999ms)), IsEmpty());
  EXPECT_THAT(contents(at(start + 5s)), ElementsAre("cccc dddd"));
  step = d.settle(ok("m2"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1", "m2"));
}

TEST_F(waiting, TheWholeChatHoldsAndKeepsItsOrder) {
  d.push(text(1, "one"));
  d.settle(slow_down(5s));
  EXPECT_THAT(contents(d.push(text(2, "two"))), IsEmpty());
  EXPECT_THAT(contents(d.link()), IsEmpty()) << "a new connection is no reason to hurry";
  EXPECT_THAT(contents(at(start + 5s)), ElementsAre("one"));
  EXPECT_THAT(contents(d.settle(ok("m1"))), ElementsAre("two"));
}

TEST_F(waiting, ItMayBeAskedForAgainUpToTwoMinutesBeyondTheHold) {
  d.push(text(1, "one")); // held for 30 s
  for (auto now = start; now < start + 150s; now += 50s) {
    EXPECT_THAT(tokens(d.settle(slow_down(50s))), IsEmpty());
    EXPECT_THAT(contents(at(now + 50s)), ElementsAre("one"));
  }
  const auto step = d.settle(slow_down(1s));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "rate_limited");
  EXPECT_EQ(step.done[0].result.retry_after_ms, 0);
  EXPECT_THAT(step.done[0].result.error, HasSubstr("Too Many Requests"));
}

TEST_F(waiting, AWaitThatIsTooLongIsADefiniteFailureAtOnce) {
  d.push(text(1, "one"));
  d.push(text(2, "two"));
  auto step = d.settle(slow_down(150'001ms));
  EXPECT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(contents(step), ElementsAre("two"));
  step = d.settle(slow_down(150s));
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(contents(at(start + 150s)), ElementsAre("two")) << "the bound itself is in time";
}

TEST_F(waiting, AWaitOfNoTimeDoesNotSpin) {
  d.push(text(1, "one"));
  d.settle(slow_down(1ms));
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 250ms});
}

TEST_F(waiting, WhatIsAmbiguousIsNoWait) {
  d.push(text(1, "one"));
  auto lost = action_result::ambiguous("who knows");
  lost.retry_after_ms = 5'000;
  EXPECT_THAT(tokens(d.settle(lost)), ElementsAre(1));
}

TEST_F(waiting, EditsCollapseMeanwhileAndTheLastOneArrives) {
  d.push(edit(1, "m", "a"));
  d.settle(slow_down(5s));
  d.push(edit(2, "m", "b"));
  d.push(edit(3, "m", "final"));
  EXPECT_EQ(d.chat_queue.size(), 1U);
  EXPECT_THAT(contents(at(start + 5s)), ElementsAre("final"));
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(1, 2, 3));
}

TEST_F(waiting, TypingsAreSkippedMeanwhileAlsoWhenNothingElseWaits) {
  d.push(edit(1, "m", "a"));
  d.settle(slow_down(5s));
  EXPECT_THAT(tokens(d.push(make(2, op::typing, "busy"))), ElementsAre(2));
  d.chat_queue = chat_queue{};
  d.link();
  d.push(make(1, op::typing, "busy"));
  const auto step = d.settle(slow_down(5s));
  EXPECT_THAT(tokens(step), ElementsAre(1)) << "an indicator that comes late is worth nothing";
  EXPECT_EQ(step.waits.count(), 0);
}

TEST_F(waiting, AReactionGoesOutAgainBeforeWhatCameBehindIt) {
  auto react = make(1, op::react, "");
  react.act.message_id = "m";
  d.push(react);
  auto step = d.settle(slow_down(5s));
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(contents(d.push(text(2, "two"))), IsEmpty());
  step = at(start + 5s);
  ASSERT_EQ(step.out.size(), 2U);
  EXPECT_EQ(step.out[0].act.kind, op::react);
  EXPECT_EQ(step.out[1].act.content, "two");
}

TEST_F(waiting, AConnectionLostMeanwhileLosesNothing) {
  d.push(text(1, "one"));
  d.settle(slow_down(60s)); // beyond the hold
  d.down();
  EXPECT_THAT(tokens(at(start + 60s)), IsEmpty()) << "a moment is left for the redial";
  EXPECT_THAT(contents(d.link()), ElementsAre("one"));
}

TEST_F(waiting, WithoutAConnectionItIsGivenUpInTheEnd) {
  d.push(text(1, "one"));
  d.settle(slow_down(60s));
  d.down();
  EXPECT_THAT(tokens(at(start + 70s)), ElementsAre(1));
}

TEST_F(waiting, WhatIsRecordedAsSendingIsRecordedAsNotWritten) {
  auto x = text(1, "one");
  x.record = action_record::maybe_written;
  d.push(x);
  auto step = d.settle(slow_down(5s));
  ASSERT_EQ(step.intents.size(), 1U);
  EXPECT_FALSE(step.intents[0].maybe_written);
  step = at(start + 5s);
  ASSERT_EQ(step.intents.size(), 1U);
  EXPECT_TRUE(step.intents[0].maybe_written);
  EXPECT_THAT(contents(step), IsEmpty());
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number)), ElementsAre("one"));
}

TEST_F(waiting, AtTheEndNothingIsWaitedForAnyMore) {
  d.push(text(1, "one"));
  d.push(text(2, "two"));
  d.settle(slow_down(5s));
  auto step = d.expire(instant::max());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.code, "rate_limited");
  EXPECT_THAT(contents(step), ElementsAre("two"));
  EXPECT_THAT(tokens(d.settle(slow_down(1s))), ElementsAre(2));
}

// The reaction was told to wait, the text behind it is on the wire: only its own result says what became of
// it.
TEST_F(waiting, TheEndOfAReactionsWaitSaysNothingOfWhatIsOnTheWire) {
  d.push(make(1, op::react, "eyes"));
  const auto reaction = d.piece;
  d.push(text(2, "two"));
  const auto message = std::exchange(d.piece, reaction);
  EXPECT_EQ(d.settle(slow_down(5s)).waits, 5s);
  EXPECT_THAT(tokens(d.expire(instant::max())), IsEmpty());
  d.piece = message;
  const auto step = d.settle(ok("m1"));
  ASSERT_THAT(tokens(step), ElementsAre(2));
  EXPECT_EQ(step.done[0].result.message_id, "m1");
  EXPECT_THAT(contents(step), ElementsAre("eyes"));
}

TEST_F(waiting, AMarkThatComesAfterItsActionWasGivenUpIsIgnored) {
  d.push(make(1, op::react, "eyes"));
  auto x = text(2, "two");
  x.record = action_record::not_written;
  const auto marks = d.push(x).intents;
  ASSERT_EQ(marks.size(), 1U);
  d.settle(slow_down(5s));
  const auto step = d.expire(instant::max());
  ASSERT_THAT(tokens(step), ElementsAre(2));
  EXPECT_EQ(step.done[0].result.code, "not_stored");
  EXPECT_THAT(contents(step), ElementsAre("eyes"));
  EXPECT_THAT(tokens(d.intent_committed(marks[0].number)), IsEmpty());
}

TEST_F(waiting, AFileIsGivenToTheStoreAgain) {
  d.link(set_of({platform("p", 10, {"send_media"})}));
  auto x = make(1, op::send_media, "");
  x.act.fields = media_fields{{"/tmp/x", {}, {}}};
  auto step = d.push(x);
  ASSERT_EQ(step.uploads.size(), 1U);
  media_reference busy{{}, "media_refused", "busy", 5'000};
  step = d.run([&](auto& out) { d.chat_queue.uploaded(step.uploads[0].number, busy, out, d.now); });
  EXPECT_THAT(tokens(step), IsEmpty());
  step = at(start + 5s);
  ASSERT_EQ(step.uploads.size(), 1U);
  step = d.run([&](auto& out) {
    d.chat_queue.uploaded(step.uploads[0].number, {"https://s/1", {}, {}}, out, d.now);
  });
  EXPECT_EQ(step.out.size(), 1U);
}

TEST_F(waiting, ASealOfADraftWaitsInItsOwnForm) {
  auto it = platform("slack", 100, {"send", "draft"});
  it.supports_draft_streaming = true;
  d.link(set_of({it}));
  chat_action x{1,
                wire::draft("c", 7, "all of it", true),
                {"slack", {}, {}},
                (start + 30s).time_since_epoch() / 1ns,
                "t"};
  d.push(x);
  EXPECT_THAT(tokens(d.settle(slow_down(5s))), IsEmpty());
  const auto step = at(start + 5s);
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.kind, op::draft);
}

} // namespace chat_queue_waits_test
} // namespace relay::core
