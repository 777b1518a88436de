// A queue whose actions are on disk (agent-link.md, Promises): no frame before its mark, no mark that lies,
// and the fate of what is rather sent twice than perhaps not at all.
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay::core {
namespace chat_queue_durable_test {

using namespace rig;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

chat_action held(chat_action x) {
  x.record = action_record::not_written;
  return x;
}
chat_action maybe_written(chat_action x) {
  x.record = action_record::maybe_written;
  return x;
}
chat_action resend(chat_action x) {
  x.resend = true;
  return x;
}
/// `+1,2` asks for a mark of these, `-1` takes one back.
std::vector<std::string> intents(const chat_queue_step& x) {
  std::vector<std::string> out;
  for (auto& y : x.intents) {
    std::string s = y.maybe_written ? "+" : "-";
    for (auto token : y.tokens) s += (s.size() > 1 ? "," : "") + std::to_string(token);
    out.push_back(std::move(s));
  }
  return out;
}
action_result lost() { return action_result::ambiguous("no result"); }

// -- marks ------------------------------------------------------------------------------------------------

TEST(DurableChatQueue, WhatIsRecordedAsSendingGoesAtOnce) {
  chat_queue_driver d;
  d.link();
  auto step = d.push(maybe_written(text(1, "one")));
  EXPECT_THAT(contents(step), ElementsAre("one"));
  EXPECT_THAT(intents(step), IsEmpty());
}

TEST(DurableChatQueue, WhatIsHeldGoesOutOnlyWhenItsMarkIsOnDisk) {
  chat_queue_driver d;
  d.link();
  d.push(maybe_written(text(1, "one")));
  d.push(held(text(2, "two")));
  auto step = d.settle(ok("m"));
  EXPECT_THAT(contents(step), IsEmpty());
  ASSERT_THAT(intents(step), ElementsAre("+2"));
  EXPECT_THAT(contents(d.push(held(text(3, "three")))), IsEmpty()) << "nothing overtakes it";
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number + 1)), IsEmpty()) << "that is another one";
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number)), ElementsAre("two"));
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number)), IsEmpty()) << "told twice";
}

TEST(DurableChatQueue, EachPieceOfASplitSendIsCoveredByTheFirstMark) {
  chat_queue_driver d;
  d.link();
  auto step = d.push(held(text(1, "aaaa bbbb cccc dddd")));
  ASSERT_THAT(intents(step), ElementsAre("+1"));
  d.intent_committed(step.intents[0].number);
  step = d.settle(ok("m1"));
  EXPECT_THAT(contents(step), ElementsAre("cccc dddd"));
  EXPECT_THAT(intents(step), IsEmpty());
}

TEST(DurableChatQueue, WhatThePlatformDoesNotOfferNeedsNoMark) {
  chat_queue_driver d;
  d.link();
  auto step = d.push(held(make(1, op::remove, "")));
  EXPECT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(intents(step), IsEmpty());
}

TEST(DurableChatQueue, AFileIsUploadedBeforeItsActionIsMarked) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 10, {"send", "send_media"})}));
  auto x = held(make(1, op::send_media, ""));
  x.act.fields = media_fields{{"/tmp/picture", {}, {}}};
  auto step = d.push(x);
  EXPECT_EQ(step.uploads.size(), 1U);
  EXPECT_THAT(intents(step), IsEmpty());
  step = d.run([&](auto& out) { d.chat_queue.uploaded(1, {"https://store/1", {}, {}}, out); });
  ASSERT_THAT(intents(step), ElementsAre("+1"));
  EXPECT_EQ(d.intent_committed(step.intents[0].number).out.size(), 1U);
}

TEST(DurableChatQueue, AllCallersOfCollapsedEditsAreMarkedTogether) {
  chat_queue_driver d;
  d.push(held(edit(1, "m", "a")));
  d.push(held(edit(2, "m", "b")));
  auto step = d.link();
  ASSERT_THAT(intents(step), ElementsAre("+1,2"));
  d.push(held(edit(3, "m", "c")));
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number)), ElementsAre("b"))
      << "what is being marked is as good as on the wire";
  EXPECT_THAT(intents(d.settle(ok(""))), ElementsAre("+3"));
}

// -- marks that are taken back ----------------------------------------------------------------------------

TEST(DurableChatQueue, F6_WhatWasNeverWrittenIsHeldAgain) {
  chat_queue_driver d;
  d.link();
  d.push(maybe_written(text(1, "one")));
  EXPECT_THAT(intents(d.unwritten()), ElementsAre("-1"));
  auto step = d.link();
  EXPECT_THAT(contents(step), IsEmpty());
  ASSERT_THAT(intents(step), ElementsAre("+1"));
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number)), ElementsAre("one"));
}

TEST(DurableChatQueue, F3_WhatShouldHaveGoneAtOnceAndCannotIsHeld) {
  chat_queue_driver down;
  EXPECT_THAT(intents(down.push(maybe_written(text(1, "one")))), ElementsAre("-1"));
  chat_queue_driver busy;
  busy.link();
  busy.push(maybe_written(text(1, "one")));
  EXPECT_THAT(intents(busy.push(maybe_written(text(2, "two")))), ElementsAre("-2"));
  EXPECT_THAT(intents(busy.settle(ok("m"))), ElementsAre("+2"));
}

TEST(DurableChatQueue, AMarkThatComesAfterTheLinkWentIsTakenBack) {
  chat_queue_driver d;
  d.link();
  auto number = d.push(held(text(1, "one"))).intents.at(0).number;
  d.down();
  auto step = d.intent_committed(number);
  EXPECT_THAT(contents(step), IsEmpty());
  EXPECT_THAT(intents(step), ElementsAre("-1"));
  EXPECT_THAT(intents(d.link()), ElementsAre("+1"));
}

TEST(DurableChatQueue, ALinkThatComesAndGoesAsksForNoSecondMark) {
  chat_queue_driver d;
  d.link();
  auto number = d.push(held(text(1, "one"))).intents.at(0).number;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(intents(d.down()), IsEmpty());
    EXPECT_THAT(intents(d.link()), IsEmpty()) << "while the disk hangs nothing may pile up there";
  }
  EXPECT_THAT(contents(d.intent_committed(number)), ElementsAre("one"));
}

TEST(DurableChatQueue, F6_ASplitSendThatIsPartlyOutStaysSending) {
  chat_queue_driver d;
  d.link();
  d.push(maybe_written(text(1, "aaaa bbbb cccc dddd")));
  d.settle(ok("m1"));
  EXPECT_THAT(intents(d.unwritten()), IsEmpty());
  EXPECT_THAT(contents(d.link()), ElementsAre("cccc dddd"));
}

TEST(DurableChatQueue, F6_WhatIsLostIsNotHeldAgain) {
  chat_queue_driver d;
  d.link();
  d.push(maybe_written(text(1, "one")));
  auto step = d.down();
  EXPECT_THAT(intents(step), IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
}

// -- a disk that hangs --------------------------------------------------------------------------------------

TEST(DurableChatQueue, AMarkThatNeverComesFailsAsDefinite) {
  chat_queue_driver d;
  d.link();
  auto number = d.push(held(text(1, "one"))).intents.at(0).number;
  d.push(held(make(2, op::send, "two", start + 40s)));
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 30s});
  EXPECT_THAT(tokens(d.expire(start + 29s)), IsEmpty());
  auto step = d.expire(start + 30s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::definite);
  EXPECT_EQ(step.done[0].result.code, "not_stored");
  ASSERT_THAT(intents(step), ElementsAre("+2")) << "the next one has its turn";
  EXPECT_THAT(contents(d.intent_committed(number)), IsEmpty()) << "too late for the first";
  EXPECT_THAT(contents(d.intent_committed(step.intents[0].number)), ElementsAre("two"));
  EXPECT_EQ(d.chat_queue.due(), deadline{});
}

TEST(DurableChatQueue, WithoutALinkItIsTheLinkThatIsMissing) {
  chat_queue_driver d;
  d.link();
  d.push(held(text(1, "one")));
  d.down();
  auto step = d.expire(start + 30s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.code, "not_connected");
  EXPECT_FALSE(d.chat_queue.busy());
  EXPECT_THAT(contents(d.link()), IsEmpty());
}

// -- on_unknown: resend
// ---------------------------------------------------------------------------------------

TEST(DurableChatQueue, AnUnknownOutcomeIsReportedUnlessItsAgentWantsOtherwise) {
  chat_queue_driver d;
  d.link();
  d.push(text(1, "one"));
  EXPECT_THAT(tokens(d.settle(lost())), ElementsAre(1));
  d.push(resend(text(2, "two")));
  auto step = d.settle(lost());
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(contents(step), ElementsAre("two"));
  EXPECT_THAT(tokens(d.settle(ok("m"))), ElementsAre(2));
}

TEST(DurableChatQueue, ThreeTimesInAllThenItIsReported) {
  chat_queue_driver d;
  d.link();
  d.push(resend(text(1, "one")));
  EXPECT_THAT(contents(d.settle(lost())), ElementsAre("one"));
  EXPECT_THAT(contents(d.settle(lost())), ElementsAre("one"));
  auto step = d.settle(lost());
  EXPECT_THAT(contents(step), IsEmpty());
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
}

TEST(DurableChatQueue, ADefiniteFailureIsNotSentAgain) {
  chat_queue_driver d;
  d.link();
  d.push(resend(text(1, "one")));
  EXPECT_THAT(tokens(d.settle(action_result::failed("odd", "no"))), ElementsAre(1));
}

TEST(DurableChatQueue, F3_AFailureAfterALostAnswerDoesNotSayThatNothingWasDone) {
  chat_queue_driver d;
  d.link();
  d.push(resend(text(1, "one")));
  d.settle(lost());
  auto step = d.settle(action_result::failed("odd", "no such chat"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown) << "the first one may have arrived";
  EXPECT_THAT(step.done[0].result.error, HasSubstr("no such chat"));
  d.push(resend(text(2, "aaaa bbbb cccc dddd")));
  d.settle(lost());
  step = d.settle(action_result::failed("odd", "no such chat"));
  ASSERT_THAT(tokens(step), ElementsAre(2));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown) << "a piece of a text, too";
}

// Seed 7307: the next connection's platform did not offer it any more.
TEST(DurableChatQueue, F3_WhatMayHaveArrivedIsNotCalledUnsupportedAsIfNothingWasDone) {
  chat_queue_driver d;
  d.link();
  d.push(maybe_written(resend(text(1, "one"))));
  d.down();
  auto step = d.link(set_of({platform("p", 10, {"edit"})}));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
}

// Seed 2551: lost as one message, then cut into pieces, each of which went out three times more.
TEST(DurableChatQueue, WhatWasLostInOnePieceGoesOutThreeTimesInAllAlsoInSmallerOnes) {
  chat_queue_driver d;
  d.link(set_of({platform("p", 100, {"send"})}));
  d.push(maybe_written(resend(text(1, "aaaa bbbb cccc dddd"))));
  d.down();
  EXPECT_THAT(contents(d.link()), ElementsAre("aaaa bbbb"));
  EXPECT_THAT(contents(d.settle(ok("m1"))), ElementsAre("cccc dddd"));
  EXPECT_THAT(contents(d.settle(lost())), ElementsAre("cccc dddd"));
  EXPECT_THAT(tokens(d.settle(lost())), ElementsAre(1)) << "the first message is one of the three";
}

TEST(DurableChatQueue, F54_ARefusalIsHandedOnVerbatimAlsoAfterALostAnswer) {
  chat_queue_driver d;
  d.link();
  d.push(resend(text(1, "one")));
  d.settle(lost());
  auto step = d.settle(action_result::failed("egress_declined", "not for this tenant"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result, action_result::failed("egress_declined", "not for this tenant"));
}

TEST(DurableChatQueue, WhatWasLostWithItsConnectionGoesOutOnTheNextOne) {
  chat_queue_driver d;
  d.link();
  d.push(maybe_written(resend(text(1, "one"))));
  auto step = d.down();
  EXPECT_THAT(tokens(step), IsEmpty());
  EXPECT_THAT(intents(step), IsEmpty()) << "it may have arrived, whatever comes";
  EXPECT_THAT(contents(d.link()), ElementsAre("one"));
  EXPECT_THAT(intents(d.unwritten()), IsEmpty()) << "nor does this take it back";
}

TEST(DurableChatQueue, WithinTheHoldThenItIsUnknownNotUnsent) {
  chat_queue_driver d;
  d.link();
  d.push(resend(text(1, "one")));
  d.down();
  EXPECT_EQ(d.chat_queue.due(), deadline{start + 30s});
  auto step = d.expire(start + 30s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
}

TEST(DurableChatQueue, WhatAnEarlierProcessMayHaveSentIsNeverCalledUnsent) {
  auto x = maybe_written(resend(text(1, "one")));
  x.lost = 1;
  chat_queue_driver d;
  EXPECT_THAT(intents(d.push(x)), IsEmpty());
  EXPECT_THAT(contents(d.link()), ElementsAre("one"));
  EXPECT_THAT(contents(d.settle(lost())), ElementsAre("one"));
  EXPECT_THAT(tokens(d.settle(lost())), ElementsAre(1)) << "three times, the earlier process included";
  chat_queue_driver never;
  never.push(x);
  EXPECT_EQ(never.expire(start + 30s).done.at(0).result.how, outcome::unknown);
}

TEST(DurableChatQueue, ASplitSendGoesOnFromThePieceThatIsUnknown) {
  chat_queue_driver d;
  d.link();
  d.push(resend(text(1, "aaaa bbbb cccc dddd")));
  d.settle(lost());
  EXPECT_THAT(contents(d.settle(ok("m1"))), ElementsAre("cccc dddd"));
  EXPECT_THAT(contents(d.settle(lost())), ElementsAre("cccc dddd"));
  EXPECT_THAT(contents(d.settle(lost())), ElementsAre("cccc dddd")) << "three times each piece";
  auto step = d.settle(ok("m2"));
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_THAT(step.done[0].result.message_ids, ElementsAre("m1", "m2"));
}

// -- model
// ----------------------------------------------------------------------------------------------------

/// A disk that takes marks in order, when it likes, and remembers what it says about each action.
struct model {
  /// A crash right here: what the disk calls held is sent again by the next process.
  void check() {
    for (auto& [token, sends] : disk)
      if (!sends && !is_done[token]) RC_ASSERT(!maybe[token]);
  }
  void look(chat_queue_step& step) {
    for (auto& x : step.intents) writing.push_back(x);
    for (auto& x : step.out) {
      RC_ASSERT(up && out.empty());
      auto newest = by_content.at(x.act.content);
      out = covers.count(newest) > 0 ? covers[newest] : std::vector{newest};
      std::erase_if(out, [&](auto token) { return is_done[token]; });
      RC_ASSERT(!out.empty());
      for (auto token : out) {
        RC_ASSERT(disk.at(token));
        maybe[token] = true;
      }
      piece = x.piece;
    }
    for (auto& x : step.done) {
      RC_ASSERT(!is_done[x.token]);
      is_done[x.token] = true;
      if (x.result.code == "not_connected" || x.result.code == "not_stored") RC_ASSERT(!maybe[x.token]);
    }
    check();
  }
  void write_one() {
    if (writing.empty()) return;
    auto x = writing.front();
    writing.pop_front();
    for (auto token : x.tokens) disk[token] = x.maybe_written;
    if (x.maybe_written) covers[*std::max_element(x.tokens.begin(), x.tokens.end())] = x.tokens;
    check();
    chat_queue_step step;
    if (x.maybe_written) chat_queue.intent_committed(x.number, step);
    look(step);
  }
  void settle(const action_result& result, bool written) {
    if (!written) {
      up = false;
      for (auto token : out) maybe[token] = false; // certainly not
    }
    out.clear();
    chat_queue_step step;
    chat_queue.settled({piece, result, written}, step);
    look(step);
  }
  void push() {
    auto token = ++pushed;
    auto content = "#" + std::to_string(token);
    auto x = *rc::gen::arbitrary<bool>() ? text(token, content) : edit(token, "m", content);
    x.hold_until = (now + 5s).time_since_epoch() / 1ns;
    auto at_once = up && !chat_queue.busy();
    x.record = at_once ? action_record::maybe_written : action_record::not_written;
    disk[token] = at_once;
    by_content[content] = token;
    is_done[token] = false;
    chat_queue_step step;
    chat_queue.push(std::move(x), step);
    look(step);
  }
  void relink(bool to_up) {
    up = to_up;
    out.clear();
    chat_queue_step step;
    chat_queue.abandon(step);
    chat_queue.link(to_up ? usual() : nullptr, step);
    look(step);
  }
  void pass_time() {
    now += milliseconds{*rc::gen::inRange(0, 3'000)};
    chat_queue_step step;
    chat_queue.expire(now, step);
    look(step);
  }
  /// The disk works, the link is up and answers: everything comes to its end.
  void finish() {
    for (int i = 0; i < 1'000 && (chat_queue.busy() || !writing.empty()); ++i) {
      if (!writing.empty()) {
        write_one();
      } else if (!out.empty()) {
        settle(ok("m"), true);
      } else if (!up) {
        up = true;
        chat_queue_step step;
        chat_queue.link(usual(), step);
        look(step);
      }
    }
    RC_ASSERT(!chat_queue.busy());
    for (auto& [token, told] : is_done) RC_ASSERT(told);
  }

  core::chat_queue chat_queue;
  std::map<std::uint64_t, bool> disk;    ///< token -> maybe_written
  std::map<std::uint64_t, bool> maybe;   ///< token -> a frame of it may have been written
  std::map<std::uint64_t, bool> is_done; ///< token -> told
  std::map<std::string, std::uint64_t> by_content;
  std::map<std::uint64_t, std::vector<std::uint64_t>>
      covers; ///< the newest of collapsed edits -> all of them
  std::deque<write_intent> writing;
  bool up = false;
  std::uint64_t piece = 0, pushed = 0;
  std::vector<std::uint64_t> out; ///< tokens on the wire
  instant now = start;
};

RC_GTEST_PROP(DurableLaneProperty, WhatTheDiskCallsHeldWasNeverWritten, ()) {
  model m;
  auto steps = *rc::gen::inRange(1, 100);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{8, 0}, {4, 1}, {2, 2}, {6, 3}, {3, 4}, {8, 5}, {2, 6}})) {
    case 0: m.push(); break;
    case 1:
    case 2: m.relink(*rc::gen::arbitrary<bool>()); break;
    case 3:
      if (!m.out.empty())
        m.settle(*rc::gen::element(ok("m"), action_result::failed("odd", "no"), lost()), true);
      break;
    case 4:
      if (!m.out.empty()) m.settle(action_result::failed("not_connected", "not written"), false);
      break;
    case 5: m.write_one(); break;
    default: m.pass_time(); break;
    }
  }
  m.finish();
}

TEST(DurableChatQueue, F6_WhatMayHaveArrivedDoesNotVanishInANewerEdit) {
  chat_queue_driver d;
  d.link();
  d.push(resend(edit(1, "m", "one")));
  d.down(); // it may have arrived
  auto newer = edit(2, "m", "two");
  newer.hold_until = (start + 60s).time_since_epoch() / 1ns;
  d.push(newer);
  auto step = d.expire(start + 30s);
  ASSERT_THAT(tokens(step), ElementsAre(1));
  EXPECT_EQ(step.done[0].result.how, outcome::unknown);
  EXPECT_THAT(contents(d.link()), ElementsAre("two"));
}

} // namespace chat_queue_durable_test
} // namespace relay::core
