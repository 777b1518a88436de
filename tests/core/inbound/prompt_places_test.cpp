// One prompt id in several places: agents choose their own, and number them anew in each chat.
#include "relay_gateway/actors/inbound/core/prompts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace relay::core {
namespace prompt_places_test {

using namespace std::chrono_literals;
using enum prompt_verdict;

inbound_event press(const std::string& chat, const std::string& thread = {}) {
  inbound_event x;
  x.source.platform = "telegram";
  x.source.chat_id = chat;
  x.source.thread_id = thread;
  x.prompt = {"p", "yes", {}, {}, true};
  return x;
}
prompt_opened asked(const std::string& chat, const std::string& thread = {}) {
  prompt_opened x{"p", {"telegram", chat}, {{"yes", "Yes"}, {"no", "No"}}};
  x.thread_id = thread;
  return x;
}
prompt_shown shown(const prompt_opened& x, prompt_face how) {
  return {x.prompt_id, how, x.chat, x.thread_id, x.profile};
}

struct places : ::testing::Test {
  prompts all{"aaaa0000", prompt_rules{}};
  instant now{1h};
  void open(const prompt_opened& x) { all.open(x, now); }
  prompt_verdict verdict(const inbound_event& x) { return all.hear(x, now).verdict; }
};

TEST_F(places, EachChatAnswersItsOwn) {
  open(asked("c"));
  open(asked("d"));
  EXPECT_EQ(all.unanswered(now), 2U);
  EXPECT_EQ(verdict(press("c")), taken);
  EXPECT_EQ(verdict(press("c")), repeated);
  EXPECT_EQ(verdict(press("d")), taken);
  EXPECT_EQ(verdict(press("d")), repeated);
}

TEST_F(places, SoDoesEachThread) {
  open(asked("c", "t1"));
  open(asked("c", "t2"));
  open(asked("c"));
  EXPECT_EQ(verdict(press("c", "t1")), taken);
  EXPECT_EQ(verdict(press("c")), taken);
  EXPECT_EQ(verdict(press("t2")), taken) << "an interaction that names the thread as its chat";
  EXPECT_EQ(all.unanswered(now), 0U);
}

TEST_F(places, TheDiskIsToldOfOneThatIsForgotten) {
  all.track();
  open(asked("c"));
  const auto withdrawn = asked("d");
  open(withdrawn);
  ASSERT_EQ(all.changes(now).size(), 2U);
  all.shown(shown(withdrawn, prompt_face::withdrawn));
  auto records = all.changes(now);
  ASSERT_EQ(records.size(), 1U) << "a restart would bring back what nobody remembers";
  EXPECT_TRUE(std::holds_alternative<prompt_gone>(records[0]));
  now += 3 * prompt_rules{}.lifetime;
  open(asked("e"));
  records = all.changes(now);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_NE(std::holds_alternative<prompt_gone>(records[0]), std::holds_alternative<prompt_gone>(records[1]));
}

TEST_F(places, APressFromElsewhereMeansTheNewest) {
  open(asked("c"));
  open(asked("d"));
  EXPECT_EQ(verdict(press("elsewhere")), taken);
  EXPECT_EQ(verdict(press("d")), repeated);
  EXPECT_EQ(verdict(press("c")), taken);
}

TEST_F(places, WhatOneShowsOrWithdrawsIsItsOwn) {
  open(asked("c"));
  open(asked("d"));
  all.shown(shown(asked("c"), prompt_face::numbers));
  all.shown(shown(asked("d"), prompt_face::withdrawn));
  auto words = press("c");
  words.prompt = {};
  words.text = "1";
  const auto heard = all.hear(words, now);
  EXPECT_EQ(heard.verdict, numbered);
  EXPECT_EQ(heard.response.prompt_id, "p");
  EXPECT_EQ(all.size(), 1U);
}

TEST_F(places, ThoseOfAnEarlierProcessComeBackApart) {
  all.track();
  open(asked("c"));
  open(asked("d"));
  EXPECT_EQ(verdict(press("c")), taken);
  prompts next{"aaaa0000", prompt_rules{}};
  for (auto& x : all.changes(now)) next.restore(std::get<prompt_kept>(x), now);
  EXPECT_EQ(next.hear(press("c"), now).verdict, repeated);
  EXPECT_EQ(next.hear(press("d"), now).verdict, taken);
}

// A router that has forgotten the turn knows no thread: that must not open what was answered once more.
TEST_F(places, OneThatLeavesAgainWithoutItsTurnIsTheSame) {
  open(asked("c", "t1"));
  EXPECT_EQ(verdict(press("c", "t1")), taken);
  auto again = asked("c");
  again.turn_forgotten = true;
  all.resume(again, now);
  EXPECT_EQ(verdict(press("c", "t1")), repeated);
  open(again); // its agent asks anew
  EXPECT_EQ(all.size(), 1U);
  all.shown(shown(asked("c"), prompt_face::numbers));
  EXPECT_EQ(verdict(press("c", "t1")), taken);
}

prompt_opened approval_of_ana(const std::string& platform, const std::string& chat) {
  auto x = asked(chat);
  x.chat.platform = platform;
  x.approval = true;
  x.decided_by = "ana";
  return x;
}
inbound_event pressed_by(const std::string& user, const prompt_opened& where) {
  auto x = press(where.chat.chat_id);
  x.source.platform = where.chat.platform;
  x.source.user_id = user;
  return x;
}

// Without its turn it goes to the platform that wrote last in a chat of that id (seeds 5300001100,
// 5300002326).
TEST_F(places, AnApprovalThatIsAskedAgainOnAnotherPlatformIsItsAuthorsStill) {
  for (const bool decided : {false, true}) {
    all = prompts{"aaaa0000", prompt_rules{}};
    const auto first = approval_of_ana("telegram", "c");
    open(first);
    if (decided) {
      EXPECT_EQ(verdict(pressed_by("ana", first)), taken);
    }
    auto again = approval_of_ana("whatsapp", "c");
    again.decided_by.clear();
    again.turn_forgotten = true;
    open(again);
    EXPECT_EQ(verdict(pressed_by("bo", again)), bystander);
    EXPECT_EQ(verdict(pressed_by("ana", again)), taken);
  }
}

TEST_F(places, AnApprovalOfAForgottenTurnInAnotherChatIsAnotherOne) {
  open(approval_of_ana("telegram", "c"));
  auto other = approval_of_ana("telegram", "d");
  other.decided_by.clear();
  other.turn_forgotten = true;
  open(other);
  EXPECT_EQ(verdict(pressed_by("bo", other)), taken) << "in a direct message";
}

// Whoever knew whose turn it was has died, the registry of the first asking included (seeds 5500004325,
// 5600017388): in a group anybody could decide it.
TEST_F(places, AnApprovalThatAnswersWhatNobodyRemembersIsForNobodyInAGroup) {
  auto lost = approval_of_ana("telegram", "c");
  lost.decided_by.clear();
  lost.turn_forgotten = true;
  auto of_a_group = [&](inbound_event x) {
    x.source.chat_type = "group";
    return x;
  };
  EXPECT_FALSE(all.open(lost, now)) << "its agent will wait for nothing";
  all.shown(shown(lost, prompt_face::numbers));
  auto typed = pressed_by("bo", lost);
  typed.prompt = {};
  typed.text = "1";
  prompts next{"aaaa0000", prompt_rules{}};
  all.track();
  EXPECT_FALSE(all.open(lost, now)) << "asked once more it is no less lost";
  all.shown(shown(lost, prompt_face::numbers));
  for (auto& x : all.changes(now)) next.restore(std::get<prompt_kept>(x), now);
  for (auto* life : {&all, &next}) {
    EXPECT_EQ(life->hear(of_a_group(pressed_by("bo", lost)), now).verdict, bystander);
    EXPECT_EQ(life->hear(pressed_by("bo", lost), now, "group").verdict, bystander) << "as its session says";
    EXPECT_EQ(life->hear(of_a_group(typed), now).verdict, none) << "plain text";
    EXPECT_EQ(life->hear(pressed_by("bo", lost), now).verdict, taken) << "in a direct message";
  }
  prompt_rules rules;
  rules.anyone_approves = true;
  all = prompts{"aaaa0000", rules};
  EXPECT_TRUE(all.open(lost, now));
  EXPECT_EQ(verdict(of_a_group(pressed_by("bo", lost))), taken);
}

TEST_F(places, WhatIsNoApprovalOrAnswersNothingNeedsNoAsker) {
  auto choice = approval_of_ana("telegram", "c");
  choice.decided_by.clear();
  choice.turn_forgotten = true;
  choice.approval = false;
  EXPECT_TRUE(all.open(choice, now));
  auto unasked = approval_of_ana("telegram", "d");
  unasked.decided_by.clear();
  EXPECT_TRUE(all.open(unasked, now));
  for (const auto* x : {&choice, &unasked}) {
    auto pressed = pressed_by("bo", *x);
    pressed.source.chat_type = "group";
    EXPECT_EQ(verdict(pressed), taken);
  }
}

TEST_F(places, AreBoundedInBytesOldestFirst) {
  prompt_rules rules;
  rules.max_bytes = 100'000;
  all = prompts{"aaaa0000", rules};
  for (int i = 0; i < 100; ++i) {
    auto large = asked("c" + std::to_string(i));
    for (int k = 0; k < 20; ++k) large.options.push_back({"o", std::string(500, 'x')});
    open(large);
    EXPECT_LE(all.bytes(), rules.max_bytes) << i;
  }
  EXPECT_GT(all.size(), 3U);
  EXPECT_LT(all.size(), 20U);
  EXPECT_EQ(verdict(press("c99")), taken);
}

TEST_F(places, ForgettingOneLeavesTheOthers) {
  all = prompts{"aaaa0000", {1h, 2}};
  for (const auto* chat : {"c", "d", "e"}) open(asked(chat));
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(verdict(press("d")), taken);
  EXPECT_EQ(verdict(press("e")), taken);
  now += 3h;
  EXPECT_EQ(verdict(press("e")), foreign);
  EXPECT_EQ(all.size(), 0U);
  EXPECT_EQ(all.bytes(), 0U);
}

} // namespace prompt_places_test
} // namespace relay::core
