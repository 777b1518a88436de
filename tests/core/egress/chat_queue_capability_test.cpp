// What a platform can do, and best_effort_sends that may be left out.
#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace chat_queue_capability_test {

using namespace rig;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ChatQueue, TypingThatWouldWaitIsDroppedAsDone) {
  chat_queue_driver d;
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

TEST(ChatQueue, F65_OnlyItsOwnContentMakesATypingAClear) {
  auto x = make(1, op::typing, "");
  wire::read_rest(x.act, R"({"more":{"content":""}})");
  EXPECT_TRUE(may_skip(x.act));
  wire::read_rest(x.act, R"({"content":""})");
  EXPECT_FALSE(may_skip(x.act));
}

TEST(ChatQueue, F65_ATypingThatClearsTheStatusIsNotDropped) {
  chat_queue_driver d;
  auto clear = make(2, op::typing, "");
  wire::read_rest(clear.act, R"({"content":""})");
  d.link();
  d.push(text(1, "one"));
  EXPECT_THAT(tokens(d.push(clear)), IsEmpty());
  EXPECT_EQ(d.settle(ok("m")).out.size(), 1U);
  EXPECT_THAT(tokens(d.unwritten()), IsEmpty());
  EXPECT_EQ(d.link().out.size(), 1U);
  EXPECT_THAT(tokens(d.settle(ok(""))), ElementsAre(2));
}

TEST(ChatQueue, F65_AConnectorOfOldHearsNoClear) {
  chat_queue_driver d;
  auto clear = make(1, op::typing, "");
  wire::read_rest(clear.act, R"({"content":""})");
  d.link(set_of({platform("p", 10, {})}));
  auto step = d.push(clear);
  EXPECT_THAT(step.out, IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::done);
  EXPECT_EQ(d.push(make(2, op::typing, "")).out.size(), 1U); // the indicator itself is as old as they are
}

TEST(ChatQueue, WhatThePlatformDoesNotOfferIsNeverSent) {
  chat_queue_driver d;
  d.link();
  auto step = d.push(make(1, op::remove, ""));
  EXPECT_THAT(contents(step), IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "unsupported");
  EXPECT_THAT(step.done[0].result.error, HasSubstr("delete"));
  EXPECT_THAT(step.done[0].result.error, HasSubstr("'p'"));
}

TEST(ChatQueue, ReactAndTypingSucceedSilentlyWhereTheyAreNotOffered) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 10, {"send"})}));
  for (auto kind : {op::react, op::typing}) {
    auto step = d.push(make(1, kind, "x"));
    EXPECT_THAT(contents(step), IsEmpty());
    ASSERT_THAT(tokens(step), ElementsAre(1));
    EXPECT_EQ(step.done[0].result, action_result::success());
  }
}

TEST(ChatQueue, ADraftNeedsTheStreamingFlagToo) {
  for (auto flag : {false, true}) {
    auto p = platform("p", 10, {"send", "draft"});
    p.supports_draft_streaming = flag;
    chat_queue_driver d;
    d.link(set_of({p}));
    EXPECT_EQ(d.push(make(1, op::draft, "x")).out.size(), flag ? 1U : 0U);
  }
}

/// A prompt with two options.
chat_action prompt(std::uint64_t token, std::string content) {
  auto x = make(token, op::prompt, std::move(content));
  wire::read_rest(x.act, R"({"prompt_kind":"choice","prompt_id":"n.1","options":[{"id":"a","label":"A"},)"
                         R"({"id":"b","label":"B"}]})");
  return x;
}

TEST(ChatQueue, APromptIsShownAsItsPlatformCan) {
  for (auto drawn : {false, true}) {
    chat_queue_driver d;
    d.link(set_of({platform(
        "p", 100, drawn ? std::vector<std::string>{"send", "prompt"} : std::vector<std::string>{"send"})}));
    auto step = d.push(prompt(1, "which?"));
    ASSERT_EQ(step.out.size(), 1U);
    ASSERT_EQ(step.shown.size(), 1U);
    EXPECT_EQ(step.shown[0], (shown_prompt{1, drawn ? prompt_face::buttons : prompt_face::numbers}));
    EXPECT_EQ(step.out[0].act.kind, drawn ? op::prompt : op::send);
    EXPECT_EQ(step.out[0].act.content, drawn ? "which?" : "which?\n\n1. A\n2. B");
    EXPECT_EQ(step.out[0].act.rest.empty(), !drawn);
    EXPECT_THAT(tokens(d.settle(ok("m"))), ElementsAre(1));
  }
}

TEST(ChatQueue, APromptThatCannotEvenBeWrittenIsUnsupported) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 100, {"typing"})}));
  auto step = d.push(prompt(1, "which?"));
  EXPECT_TRUE(step.out.empty() && step.shown.empty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.code, "unsupported");
}

TEST(ChatQueue, EachConnectionDecidesHowAPromptIsShownUntilAPieceHasLeft) {
  const auto text_only = set_of({platform("p", 10, {"send"})});
  const auto drawing = set_of({platform("p", 20, {"send", "prompt"})});
  chat_queue_driver d;
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

TEST(ChatQueue, ADrawnPromptStandsBehindWhatItHasTooMuch) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 10, {"send", "prompt"})}));
  auto step = d.push(prompt(1, "a long question"));
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.kind, op::send);
  EXPECT_THAT(contents(step), ElementsAre("a long"));
  EXPECT_TRUE(step.shown.empty()) << "it is not shown yet";
  step = d.settle(ok("m1"));
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.kind, op::prompt);
  EXPECT_THAT(contents(step), ElementsAre("question"));
  EXPECT_EQ(step.shown.at(0).how, prompt_face::buttons);
  step = d.settle(ok("m2"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.message_id, "m2");
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1", "m2"));
}

TEST(ChatQueue, UnsupportedOnesInBetweenHoldNothingUp) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "one"));
  d.push(make(2, op::remove, ""));
  d.push(make(3, op::remove, ""));
  d.push(text(4, "four"));
  auto step = d.settle(ok("m"));
  EXPECT_THAT(tokens(step), ElementsAre(1, 2, 3));
  EXPECT_THAT(contents(step), ElementsAre("four"));
}

TEST(ChatQueue, F42_APlatformThatTheConnectorDidNotDescribeHasTheContractsDefaults) {
  chat_queue_driver d;
  d.link(set_of({platform("other", 1, {"react"})}));
  auto step = d.push(text(1, std::string(4096, 'x')));
  ASSERT_EQ(step.out.size(), 1U);
  EXPECT_EQ(step.out[0].act.content.size(), 4096U);
  d.settle(ok(""));
  EXPECT_EQ(d.push(make(2, op::remove, "")).done.size(), 1U) << "the legacy set has no delete";
  EXPECT_EQ(d.push(edit(3, "m", "x")).out.size(), 1U);
}

TEST(ChatQueue, F38_TheLimitIsTheDestinationsOwn) {
  auto known = set_of({platform("wide", 4096, {}), platform("p", 2000, {})});
  EXPECT_EQ(destination(known.get(), "p").max_message_length, 2000U);
  EXPECT_EQ(destination(known.get(), "").max_message_length, 4096U) << "untagged: the session default's";
  EXPECT_EQ(destination(known.get(), "nobody").max_message_length, 4096U);
  EXPECT_EQ(destination(nullptr, "p").max_message_length, 4096U);
  chat_queue_driver d;
  d.link(known);
  EXPECT_EQ(d.push(text(1, std::string(2001, 'x'))).out[0].act.content.size(), 2000U);
}

TEST(ChatQueue, TextOfVeryManyMessagesFailsBeforeItIsCut) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 1, {"send"})}));
  auto step = d.push(text(1, std::string(8UL << 20, 'x')));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_THAT(step.done[0].result.error, HasSubstr("more than 10000 messages of 1"));
  EXPECT_THAT(contents(d.push(text(2, "xy"))), ElementsAre("x")) << "the chat goes on";
}

TEST(ChatQueue, WhatEachMessageRepeatsIsBoundedTogether) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 4'000, {"send"})}));
  auto large = text(1, std::string(4UL << 20, 'x'));
  large.act.metadata = R"({"blocks":")" + std::string(1UL << 20, 'm') + "\"}";
  auto step = d.push(std::move(large));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(step.done[0].result.error, HasSubstr("too large to stand beside each message"));
}

} // namespace chat_queue_capability_test
} // namespace relay::core
