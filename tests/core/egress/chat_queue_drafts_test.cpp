// Drafts in a queue (protocol.md 6): collapse, one per turn, the fate of a seal.
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay::core {
namespace chat_queue_drafts_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const instant start = instant{} + 1h;

/// A queue on Slack, where a draft is sealed, unless said otherwise.
struct drafts : ::testing::Test {
  chat_queue it;
  std::uint64_t tokens = 0, piece = 0;
  std::string platform = "slack";
  bool abandons = false;

  static descriptors_ptr streaming() {
    descriptor_set set;
    for (auto* name : {"slack", "telegram"}) {
      descriptor x;
      x.platform = name;
      x.supports_draft_streaming = true;
      x.supported_ops = {"send", "draft"};
      set.put(x);
    }
    return std::make_shared<const descriptor_set>(set);
  }
  drafts() {
    chat_queue_step out;
    it.link(streaming(), out);
  }
  chat_queue_step push(action x, std::string turn = "t1") {
    chat_queue_step out;
    chat_action one{
        ++tokens, std::move(x), {platform, {}, {}}, (start + 30s).time_since_epoch() / 1ns, std::move(turn)};
    one.abandons = abandons;
    it.push(std::move(one), out);
    return note(out);
  }
  chat_queue_step state(std::string content, bool final = false, std::int64_t id = 7,
                        std::string turn = "t1") {
    return push(wire::draft("c", id, std::move(content), final), std::move(turn));
  }
  chat_queue_step settle(action_result x) {
    chat_queue_step out;
    it.settled({piece, std::move(x), true}, out);
    return note(out);
  }
  chat_queue_step note(chat_queue_step x) {
    if (!x.out.empty()) piece = x.out.back().piece;
    return x;
  }
};

std::vector<std::string> sent(const chat_queue_step& x) {
  std::vector<std::string> out;
  for (auto& t : x.out) out.push_back(std::string{to_string(t.act.kind)} + ":" + t.act.content);
  return out;
}

TEST_F(drafts, StatesThatPileUpCollapseIntoTheNewestAndAllCallersGetItsOutcome) {
  EXPECT_THAT(sent(state("a")), ElementsAre("draft:a"));
  EXPECT_THAT(sent(state("ab")), IsEmpty());
  EXPECT_THAT(sent(state("abc")), IsEmpty());
  EXPECT_THAT(sent(state("abcd", true)), IsEmpty());
  auto step = settle(action_result::success());
  EXPECT_THAT(sent(step), ElementsAre("draft:abcd")) << "the final is not starved";
  step = settle(action_result::success());
  EXPECT_EQ(step.done.size(), 3U);
}

TEST_F(drafts, F60_ATurnHasOneOpenDraft) {
  state("a", false, 7);
  auto step = state("b", false, 8);
  ASSERT_EQ(step.done.size(), 1U);
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_TRUE(state("other turn", false, 9, "t2").done.empty());
  settle(action_result::success());
  state("a", true, 7);
  EXPECT_TRUE(state("next", false, 8).done.empty()) << "sealed: the turn may open another";
}

TEST_F(drafts, F61_ALostSealIsSentOnceMoreThenItsContentAsText) {
  state("final", true);
  auto step = settle(action_result::ambiguous("no result"));
  EXPECT_THAT(sent(step), ElementsAre("draft:final"));
  EXPECT_TRUE(step.done.empty());
  step = settle(action_result::ambiguous("no result"));
  EXPECT_THAT(sent(step), ElementsAre("send:final"));
  EXPECT_EQ(step.out[0].act.rest.text(), "");
  step = settle(action_result::success());
  ASSERT_EQ(step.done.size(), 1U);
  EXPECT_EQ(step.done[0].result.how, outcome::done);
}

TEST_F(drafts, AFailedSealGoesOutAsTextAtOnce) {
  state("final", true);
  EXPECT_THAT(sent(settle(action_result::failed("", "draft is gone"))), ElementsAre("send:final"));
}

TEST_F(drafts, F54_ADeclinedSealIsNotLaunderedThroughAnotherOp) {
  state("final", true);
  auto step = settle(action_result::failed("egress_declined", "egress declined: no"));
  EXPECT_THAT(sent(step), IsEmpty());
  ASSERT_EQ(step.done.size(), 1U);
  EXPECT_EQ(step.done[0].result.error, "egress declined: no");
}

TEST_F(drafts, ASealLostWithItsConnectionGoesOutOnTheNextOrIsUnknown) {
  state("final", true);
  chat_queue_step out;
  it.abandon(out);
  it.link(nullptr, out);
  EXPECT_TRUE(out.done.empty());
  chat_queue_step expired;
  it.expire(start + 31s, expired);
  ASSERT_EQ(expired.done.size(), 1U);
  EXPECT_EQ(expired.done[0].result.how, outcome::unknown) << "it may have been applied";
}

TEST_F(drafts, WhatIsOutOnAClosingConnectionDoesNotExpire) {
  state("open");
  chat_queue_step out;
  it.link(nullptr, out);
  it.expire(start + 1h, out);
  EXPECT_TRUE(out.done.empty());
  EXPECT_FALSE(it.due());
  EXPECT_EQ(settle(action_result::success()).done.size(), 1U);
}

TEST_F(drafts, F59_WhatIsSentBesideADraftDoesNotSealIt) {
  state("a");
  push(wire::send("c", "an approval, say"));
  settle(action_result::success());
  settle(action_result::success());
  auto step = state("ab");
  ASSERT_THAT(sent(step), ElementsAre("draft:ab"));
  EXPECT_NE(step.out[0].act.rest.text().find(R"("final":false)"), std::string::npos);
}

TEST_F(drafts, OutsideSlackAFinalIsATextOfItsOwn) {
  platform = "telegram";
  EXPECT_THAT(sent(state("a")), ElementsAre("draft:a"));
  EXPECT_THAT(sent(settle(action_result::success())), IsEmpty());
  auto step = state("ab", true);
  EXPECT_THAT(sent(step), ElementsAre("send:ab"));
  EXPECT_EQ(step.out[0].act.rest.text(), "") << "nothing of the draft's own";
  EXPECT_TRUE(state("next", false, 8).done.empty()) << "the turn may open another";
  step = settle(action_result::ambiguous("no result"));
  ASSERT_EQ(step.done.size(), 1U);
  EXPECT_EQ(step.done[0].result.how, outcome::unknown) << "a text is not sent again by itself";
  EXPECT_THAT(sent(step), ElementsAre("draft:next"));
}

TEST_F(drafts, OutsideSlackAFinalStandsForTheStatesThatWait) {
  platform = "telegram";
  state("a");
  state("ab");
  EXPECT_THAT(sent(state("abc", true)), IsEmpty());
  EXPECT_THAT(sent(settle(action_result::success())), ElementsAre("send:abc"));
  EXPECT_EQ(settle(action_result::success()).done.size(), 2U);
}

TEST_F(drafts, TheSessionDefaultDecidesWhereNoPlatformIsNamed) {
  platform = "";
  EXPECT_THAT(sent(state("a", true)), ElementsAre("draft:a")) << "the first descriptor is Slack's";
}

TEST_F(drafts, AFinalThatItsPlatformCannotStreamIsUnsupported) {
  platform = "discord"; // with the contract's defaults
  auto step = state("a", true);
  ASSERT_EQ(step.done.size(), 1U);
  EXPECT_EQ(step.done[0].result.code, "unsupported");
}

TEST_F(drafts, F63_AnAbandonedDraftIsSealedInPlaceEverywhereAndNeverSaidAsAText) {
  abandons = true;
  for (auto* name : {"telegram", "slack"}) {
    platform = name;
    EXPECT_THAT(sent(state("half", true)), ElementsAre("draft:half"));
    EXPECT_THAT(sent(settle(action_result::ambiguous("no result"))), ElementsAre("draft:half"));
    auto step = settle(action_result::failed("", "draft is gone"));
    EXPECT_THAT(sent(step), IsEmpty());
    EXPECT_EQ(step.done.size(), 1U);
  }
}

TEST_F(drafts, ASealCarriesOnInTextsAndIsSealedOnce) {
  descriptor_set set;
  descriptor x;
  x.platform = "slack";
  x.max_message_length = 10;
  x.supports_draft_streaming = true;
  x.supported_ops = {"send", "draft"};
  set.put(x);
  chat_queue_step out;
  it.link(std::make_shared<const descriptor_set>(set), out);
  EXPECT_THAT(sent(state("aaaa bbbb cccc")), ElementsAre("draft:aaaa bbbb")) << "what fits";
  settle(action_result::success());
  EXPECT_THAT(sent(state("aaaa bbbb cccc dddd", true)), ElementsAre("draft:aaaa bbbb"));
  EXPECT_THAT(sent(settle(action_result::ambiguous("no result"))), ElementsAre("draft:aaaa bbbb"));
  EXPECT_THAT(sent(settle(action_result::success())), ElementsAre("send:cccc dddd"));
  auto step = settle(action_result::ambiguous("no result"));
  ASSERT_EQ(step.done.size(), 1U);
  EXPECT_EQ(step.done[0].result.how, outcome::unknown) << "a text is not sealed again";
}

TEST(DraftCodec, SealAndTextKeepWhatIsNotTheDrafts) {
  auto x = wire::draft("c", 7, "so far", false, R"({"k":1})");
  ASSERT_NE(draft_of(x), nullptr);
  EXPECT_EQ(draft_of(x)->id, "7");
  EXPECT_FALSE(draft_of(x)->final);
  EXPECT_TRUE(draft_of(wire::seal_draft(x))->final);
  EXPECT_EQ(
      wire::encode_action(wire::seal_draft(x)),
      R"({"op":"draft","chat_id":"c","content":"so far","draft_id":7,"final":true,"metadata":{"k":1}})");
  EXPECT_EQ(wire::encode_action(wire::draft_as_text(x)),
            R"({"op":"send","chat_id":"c","content":"so far","reply_to":null,"metadata":{"k":1}})");
}

} // namespace chat_queue_drafts_test
} // namespace relay::core
