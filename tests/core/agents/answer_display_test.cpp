// What is seen of an answer while it grows, and that its end is always said.
#include "relay_gateway/actors/agents/core/answer_display.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace answer_display_test {

using namespace std::chrono_literals;
using kind = display_action::kind;

action_result sent(const std::string& id) {
  auto x = action_result::success();
  x.message_id = id;
  return x;
}
descriptor platform(bool drafts, bool edits) {
  descriptor x;
  x.max_message_length = 100;
  x.supports_draft_streaming = drafts;
  x.supports_edit = edits;
  x.supported_ops = {"send", "typing"};
  if (drafts) x.supported_ops.emplace_back("draft");
  if (edits) x.supported_ops.emplace_back("edit");
  return x;
}

struct shown : answer_display {
  explicit shown(bool drafts, bool edits, std::string id = {})
      : answer_display(display_mode_of(platform(drafts, edits), true), {700ms, 2s, 4s},
                       platform(drafts, edits), std::move(id)) {
    begin(now, said);
    said.clear();
  }
  /// What is said by doing this.
  template <class Job>
  std::vector<display_action> by(Job job) {
    said.clear();
    job();
    return said;
  }
  std::vector<display_action> grows(const std::string& text) {
    return by([&] { grow(text, now, said); });
  }
  std::vector<display_action> ends(const std::string& text) {
    return by([&] { finish(text, now, said); });
  }
  std::vector<display_action> comes(const action_result& x) {
    return by([&] { outcome_of(x, now, said); });
  }
  /// Everything that is due until then.
  std::vector<display_action> after(milliseconds time) {
    return by([&] {
      const auto until = now + time;
      while (due() && *due() <= until) {
        now = std::max(now, *due());
        timer(now, said);
      }
      now = until;
    });
  }
  instant now{1h};
  std::vector<display_action> said;
};

void expect(const std::vector<display_action>& x, kind what, const std::string& text,
            const std::string& id = {}) {
  ASSERT_EQ(x.size(), 1U);
  EXPECT_EQ(x[0].what, what);
  EXPECT_EQ(x[0].text, text);
  EXPECT_EQ(x[0].message_id, id);
}

TEST(AnswerDisplay, EachPlatformHasItsPace) {
  EXPECT_EQ(pace_of("discord", display_mode::edits).change, 1'500ms);
  EXPECT_EQ(pace_of("telegram", display_mode::edits).change, 3'000ms);
  EXPECT_EQ(pace_of("slack", display_mode::edits).change, 2'000ms);
  for (const auto* any : {"discord", "telegram", "slack"})
    EXPECT_EQ(pace_of(any, display_mode::drafts).change, 1'000ms) << any;
}

TEST(AnswerDisplay, TypesWhileNothingIsThere) {
  shown x{false, true};
  auto typed = x.after(9s);
  ASSERT_EQ(typed.size(), 2U) << "again after 4 s and 8 s";
  EXPECT_EQ(typed[0].what, kind::typing);
  x.grows("a");
  expect(x.after(700ms), kind::first, "a");
  EXPECT_TRUE(x.after(1min).empty()) << "the message takes the status away";
}

TEST(AnswerDisplay, EditsOneMessageAtThePlatformsPace) {
  shown x{false, true};
  EXPECT_TRUE(x.grows("a").empty());
  EXPECT_TRUE(x.after(699ms).empty()) << "a short answer needs no edit";
  EXPECT_TRUE(x.grows("ab").empty());
  expect(x.after(1ms), kind::first, "ab");
  EXPECT_TRUE(x.grows("abc").empty()) << "one action at a time";
  EXPECT_TRUE(x.after(10s).empty());
  EXPECT_TRUE(x.comes(sent("m1")).empty());
  EXPECT_EQ(x.shown_id(), "m1");
  expect(x.after(2s), kind::change, "abc", "m1");
  EXPECT_TRUE(x.comes(action_result::success()).empty());
  EXPECT_TRUE(x.after(10s).empty()) << "nothing new";
  expect(x.grows("abcd"), kind::change, "abcd", "m1");
  EXPECT_TRUE(x.ends("abcde").empty()) << "it waits for what is under way";
  expect(x.comes(action_result::success()), kind::final_edit, "abcde", "m1");
  x.comes(action_result::success());
  EXPECT_TRUE(x.over());
  EXPECT_EQ(x.result().how, outcome::done);
}

TEST(AnswerDisplay, LongTextsChangeMoreSlowly) {
  shown x{false, true};
  const std::string text(250, 'x'); // three messages of 100
  x.grows(text);
  x.after(700ms);
  x.comes(sent("m1"));
  x.grows(text + "y");
  EXPECT_TRUE(x.after(5999ms).empty());
  EXPECT_EQ(x.after(1ms).size(), 1U);
}

TEST(AnswerDisplay, AShortAnswerIsOneMessage) {
  shown x{false, true};
  x.grows("hi");
  expect(x.ends("hi there"), kind::final_send, "hi there");
  x.comes(sent("m1"));
  EXPECT_TRUE(x.over());
}

TEST(AnswerDisplay, WhatIsSeenAlreadyIsNotSaidAgain) {
  shown x{false, true};
  x.grows("hi");
  x.after(700ms);
  x.comes(sent("m1"));
  EXPECT_TRUE(x.ends("hi").empty());
  EXPECT_TRUE(x.over());
  EXPECT_EQ(x.result().how, outcome::done);
}

TEST(AnswerDisplay, DraftsWhereThePlatformHasThem) {
  shown x{true, true};
  x.grows("a");
  expect(x.after(700ms), kind::draft, "a");
  x.comes(action_result::success());
  x.grows("ab");
  expect(x.after(2s), kind::draft, "ab");
  EXPECT_TRUE(x.ends("abc").empty());
  expect(x.comes(action_result::success()), kind::final_draft, "abc");
  x.comes(sent("m1"));
  EXPECT_TRUE(x.over());
}

TEST(AnswerDisplay, RefusedDraftsBecomeEdits) {
  shown x{true, true};
  x.grows("a");
  x.after(700ms);
  x.comes(action_result::failed("unsupported", "no drafts in this chat"));
  x.grows("ab");
  expect(x.after(2s), kind::first, "ab");
  x.comes(sent("m1"));
  expect(x.ends("abc"), kind::final_edit, "abc", "m1");
}

TEST(AnswerDisplay, AnswersAreWholeWhereNothingElseIsOffered) {
  shown x{false, false};
  x.grows("a");
  const auto typed = x.after(8s);
  ASSERT_EQ(typed.size(), 2U) << "it types until the end";
  expect(x.ends("abc"), kind::final_send, "abc");
}

TEST(AnswerDisplay, AFinalThatCannotBeEditedIsSent) {
  for (const auto& failure :
       {action_result::failed({}, "message to edit not found"), action_result::ambiguous("lost")}) {
    shown x{false, true};
    x.grows("a");
    x.after(700ms);
    x.comes(sent("m1"));
    x.ends("ab");
    expect(x.comes(failure), kind::final_send, "ab");
    x.comes(sent("m2"));
    EXPECT_EQ(x.result().how, outcome::done);
  }
}

TEST(AnswerDisplay, AFirstMessageThatIsLostIsFollowedByTheWholeAnswer) {
  shown x{false, true};
  x.grows("a");
  x.after(700ms);
  x.comes(action_result::ambiguous("lost"));
  EXPECT_TRUE(x.grows("ab").empty()) << "nobody knows its id";
  EXPECT_TRUE(x.after(1min).empty());
  expect(x.ends("abc"), kind::final_send, "abc");
}

TEST(AnswerDisplay, ARefusalIsFinal) {
  const auto refused = action_result::failed("egress_declined", "not here");
  shown x{false, true};
  x.grows("a");
  x.after(700ms);
  x.comes(refused);
  EXPECT_TRUE(x.over());
  EXPECT_TRUE(x.ends("abc").empty());
  shown y{false, true};
  y.grows("a");
  y.after(700ms);
  y.comes(sent("m1"));
  y.ends("ab");
  EXPECT_TRUE(y.comes(refused).empty());
  EXPECT_TRUE(y.over());
  EXPECT_EQ(y.result().code, "egress_declined");
}

TEST(AnswerDisplay, AfterARestartTheSameMessageGoesOn) {
  shown x{false, true, "m1"};
  x.grows("again");
  expect(x.after(700ms), kind::change, "again", "m1");
  x.comes(action_result::success());
  expect(x.ends("again!"), kind::final_edit, "again!", "m1");
  shown y{false, true};
  expect(y.by([&] { y.resume({kind::final_send, "decided", {}}, y.said); }), kind::final_send, "decided");
  y.comes(action_result::failed("request_id_conflict", "used"));
  EXPECT_TRUE(y.over());
  EXPECT_EQ(y.result().how, outcome::done) << "it was said before";
}

TEST(AnswerDisplay, GivingUpTakesTheStatusBack) {
  shown x{false, true};
  const auto said = x.by([&] { x.give_up(x.said); });
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].what, kind::clear_typing);
  EXPECT_TRUE(x.over());
  EXPECT_FALSE(x.due());
}

TEST(AnswerDisplay, TheFirstEndCounts) {
  shown x{false, true, "m"};
  expect(x.ends("all of it"), kind::final_edit, "all of it", "m");
  EXPECT_TRUE(x.ends("another end").empty());
  expect(x.comes(action_result::failed("not_found", "no such message")), kind::final_send, "all of it");
  x.comes(sent("n"));
  EXPECT_TRUE(x.over());
  EXPECT_TRUE(x.ends("too late").empty());
}

TEST(AnswerDisplay, PlatformsDecideHow) {
  EXPECT_EQ(display_mode_of(platform(true, true), true), display_mode::drafts);
  EXPECT_EQ(display_mode_of(platform(false, true), true), display_mode::edits);
  EXPECT_EQ(display_mode_of(platform(false, false), true), display_mode::whole);
  EXPECT_EQ(display_mode_of(platform(true, true), false), display_mode::whole);
  EXPECT_EQ(display_mode_of(descriptor{}, true), display_mode::whole) << "nothing is known of it";
  for (const char* name : {"discord", "telegram", "slack", "other"})
    EXPECT_GE(pace_of(name, display_mode::edits).change, 1s) << name;
}

} // namespace answer_display_test
} // namespace relay::core
