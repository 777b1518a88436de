// Reactions in a chat's order: sent in their turn, and nobody waits for what comes of them.
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace relay::core {
namespace chat_queue_reactions_test {

using namespace rig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

chat_action react(std::uint64_t token, std::string emoji = "eyes") {
  return make(token, op::react,
              std::move(emoji)); // its content stands for the emoji, so that tests can see it
}

TEST(ChatQueueReactions, AConnectorThatNeverAnswersThemHoldsNothingUp) {
  chat_queue_driver d;
  d.link();
  EXPECT_THAT(contents(d.push(react(1))), ElementsAre("eyes"));
  EXPECT_THAT(contents(d.push(react(2, "check"))), ElementsAre("check"));
  EXPECT_THAT(contents(d.push(text(3, "three"))), ElementsAre("three"));
  EXPECT_THAT(tokens(d.settle(ok("m"))), ElementsAre(3));
  EXPECT_THAT(contents(d.push(text(4, "four"))), ElementsAre("four"));
  EXPECT_TRUE(d.chat_queue.busy());
  EXPECT_EQ(d.chat_queue.size(), 3U);
}

TEST(ChatQueueReactions, TheyLeaveInTheirTurn) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "one"));
  EXPECT_THAT(contents(d.push(react(2))), IsEmpty());
  d.push(text(3, "three"));
  EXPECT_THAT(contents(d.settle(ok("m"))), ElementsAre("eyes", "three"));
}

TEST(ChatQueueReactions, EachGetsItsOwnResultWheneverItComes) {
  chat_queue_driver d;
  d.link();
  d.push(react(1));
  auto first = d.piece;
  d.push(text(2, "two"));
  auto second = d.piece;
  d.piece = first;
  auto step = d.settle(action_result::failed("x", "no such emoji"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.error, "no such emoji");
  EXPECT_THAT(tokens(d.settle(ok(""))), IsEmpty()) << "told twice";
  d.piece = second;
  EXPECT_THAT(tokens(d.settle(ok("m"))), ElementsAre(2));
  EXPECT_FALSE(d.chat_queue.busy());
}

TEST(ChatQueueReactions, OnesThatAreOutDoNotMakeAnIndicatorTooLate) {
  chat_queue_driver d;
  d.link();
  d.push(react(1));
  EXPECT_THAT(contents(d.push(make(2, op::typing, "typing"))), ElementsAre("typing"));
}

TEST(ChatQueueReactions, WithTheConnectionTheyAreUnknown) {
  chat_queue_driver d;
  d.link();
  d.push(react(1));
  d.push(react(2));
  d.push(text(3, "three"));
  auto step = d.down();
  EXPECT_THAT(tokens(step), ElementsAre(1, 2, 3));
  for (auto& x : step.done) EXPECT_EQ(x.result.how, outcome::unknown);
  EXPECT_FALSE(d.chat_queue.busy());
}

TEST(ChatQueueReactions, WhatNeverLeftGoesFirstOnTheNextConnectionInItsOrder) {
  chat_queue_driver d;
  d.link();
  d.push(react(1, "a"));
  auto first = d.piece;
  d.push(react(2, "b"));
  d.push(text(3, "three"));
  d.push(text(4, "four"));
  d.closing();
  for (d.piece = first; d.piece <= first + 2; ++d.piece) EXPECT_THAT(tokens(d.unwritten()), IsEmpty());
  EXPECT_THAT(contents(d.link()), ElementsAre("a", "b", "three"));
  EXPECT_THAT(contents(d.settle(ok("m"))), ElementsAre("four"));
}

TEST(ChatQueueReactions, WhatNeverLeftIsHeldNoLongerThanAnythingElse) {
  chat_queue_driver d;
  d.link();
  d.push(react(1));
  d.closing();
  d.unwritten();
  EXPECT_EQ(d.chat_queue.due(), start + 30s);
  auto step = d.expire(start + 30s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
}

TEST(ChatQueueReactions, OneThatItsAgentWantsAgainGoesAgain) {
  chat_queue_driver d;
  d.link();
  auto x = react(1);
  x.resend = true;
  d.push(x);
  EXPECT_THAT(contents(d.settle(action_result::ambiguous("no answer"))), ElementsAre("eyes"));
  EXPECT_THAT(contents(d.settle(action_result::ambiguous("no answer"))), ElementsAre("eyes"));
  EXPECT_THAT(tokens(d.settle(action_result::ambiguous("no answer"))), ElementsAre(1))
      << "three times in all";
}

TEST(ChatQueueReactions, ADurableOneIsMarkedBeforeItLeavesAndTakenBackWhenItDidNot) {
  chat_queue_driver d;
  d.link();
  auto x = react(1);
  x.record = action_record::not_written;
  auto step = d.push(x);
  EXPECT_THAT(contents(step), IsEmpty());
  ASSERT_EQ(step.intents.size(), 1U);
  EXPECT_TRUE(step.intents[0].maybe_written);
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number)), ElementsAre("eyes"));
  d.closing();
  step = d.unwritten();
  ASSERT_EQ(step.intents.size(), 1U);
  EXPECT_FALSE(step.intents[0].maybe_written);
  EXPECT_THAT(step.intents[0].tokens, ElementsAre(1));
}

chat_action durable(chat_action x) {
  x.record = action_record::not_written;
  return x;
}

// What stood behind it had stated its intent meanwhile, and was nowhere yet (seed 5300004345).
TEST(ChatQueueReactions, OneThatNeverLeftGoesBeforeWhatWaitsForItsIntent) {
  for (const bool linked_first : {false, true}) {
    chat_queue_driver d;
    d.link();
    auto step = d.push(durable(react(1, "remove")));
    ASSERT_EQ(step.intents.size(), 1U);
    d.push(durable(text(2, "two")));
    step = d.intent_committed(step.intents[0].number);
    EXPECT_THAT(contents(step), ElementsAre("remove"));
    ASSERT_EQ(step.intents.size(), 1U) << "of the text";
    const auto intent = step.intents[0].number;
    d.closing();
    d.unwritten();
    if (linked_first) {
      EXPECT_THAT(contents(d.link()), IsEmpty());
    }
    step = d.intent_committed(intent);
    ASSERT_GE(step.intents.size(), 1U);
    EXPECT_FALSE(step.intents[0].maybe_written) << "it waits after all";
    EXPECT_THAT(step.intents[0].tokens, ElementsAre(2));
    if (!linked_first) step = d.link();
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(step.intents.back().maybe_written);
      step = d.intent_committed(step.intents.back().number);
      EXPECT_THAT(contents(step), ElementsAre(i == 0 ? "remove" : "two"));
    }
  }
}

// Found by the fuzz target chat_queue: each gave way to the other for ever.
TEST(ChatQueueReactions, TwoThatComeBackKeepTheirOrder) {
  chat_queue_driver d;
  d.link();
  auto step = d.push(durable(react(1, "first")));
  d.push(durable(react(2, "second")));
  step = d.intent_committed(step.intents.at(0).number);
  ASSERT_THAT(contents(step), ElementsAre("first"));
  const auto first = d.piece;
  step = d.intent_committed(step.intents.at(0).number);
  ASSERT_THAT(contents(step), ElementsAre("second"));
  const auto second = std::exchange(d.piece, first);
  d.closing();
  d.unwritten();
  d.piece = second;
  d.unwritten();
  step = d.link();
  for (const auto* said : {"first", "second"}) {
    ASSERT_FALSE(step.intents.empty());
    ASSERT_TRUE(step.intents.back().maybe_written);
    step = d.intent_committed(step.intents.back().number);
    EXPECT_THAT(contents(step), ElementsAre(said));
  }
}

TEST(ChatQueueReactions, OneThatComesBackHidesNoUpload) {
  for (const bool lost : {false, true}) {
    chat_queue_driver d;
    const auto takes_files = set_of({platform("p", 100, {"send", "send_media", "react"})});
    d.link(takes_files);
    d.push(react(1));
    auto file = make(2, op::send_media, "");
    file.act.fields = media_fields{{"/tmp/a.png", {}, {}}};
    const auto piece = d.piece;
    const auto step = d.push(file);
    ASSERT_EQ(step.uploads.size(), 1U);
    d.run([&](auto& out) {
      d.chat_queue.settled({piece, action_result::failed("x", "unwritten"), false}, out);
    });
    const auto end = d.run([&](auto& out) {
      if (lost)
        d.chat_queue.upload_lost(out);
      else
        d.chat_queue.uploaded(step.uploads[0].number, {"https://store/1", {}, {}}, out);
    });
    EXPECT_EQ(tokens(end).size(), lost ? 1U : 0U);
    EXPECT_EQ(d.link(takes_files).out.size(), lost ? 1U : 2U);
  }
}

} // namespace chat_queue_reactions_test
} // namespace relay::core
