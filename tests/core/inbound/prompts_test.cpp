// The registry of prompts (protocol.md 6, Prompt ids).
#include "relay_gateway/actors/inbound/core/prompts.hpp"
#include "relay_gateway/messages/wire/records.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace relay::core {
namespace prompts_test {

using namespace std::chrono_literals;
using enum prompt_verdict;

inbound_event press(const std::string& prompt, const std::string& option = "yes") {
  inbound_event x;
  x.prompt = {prompt, option, {}, {}, true};
  return x;
}
inbound_event text(const std::string& chat, const std::string& words) {
  inbound_event x;
  x.source.platform = "telegram";
  x.source.chat_id = chat;
  x.text = words;
  return x;
}
prompt_opened asked(const std::string& id, const std::string& chat = "c", std::uint64_t lifetime_ms = 0) {
  return {id, {"telegram", chat}, {{"yes", "Yes"}, {"no", "No"}}, lifetime_ms};
}

struct registry {
  prompts all{"aaaa0000", prompt_rules{}};
  instant now{1h};
  void open(const std::string& id, const std::string& chat = "c", std::uint64_t lifetime_ms = 0) {
    all.open(asked(id, chat, lifetime_ms), now);
  }
  void number(const std::string& id, const std::string& chat = "c") {
    open(id, chat);
    all.shown({id, prompt_face::numbers});
  }
  prompt_hearing hear(const inbound_event& x) {
    return all.concerns(x) ? all.hear(x, now) : prompt_hearing{};
  }
  prompt_verdict verdict(const inbound_event& x) { return hear(x).verdict; }
};

TEST(Prompts, IdsAreTheNonceAndEightHexDigits) {
  prompt_minter mint{"aaaa0000", 0xFFFFFFFE};
  EXPECT_EQ(mint.next(), "aaaa0000.fffffffe");
  EXPECT_EQ(mint.next(), "aaaa0000.ffffffff");
  EXPECT_EQ(mint.next(), "aaaa0000.00000000");
}

TEST(Prompts, OptionsOfOneThatIsOverAreNotKept) {
  registry r;
  r.open("a.1");
  const auto open = r.all.bytes();
  EXPECT_EQ(r.verdict(press("a.1")), taken);
  EXPECT_LT(r.all.bytes(), open);
  EXPECT_EQ(r.all.size(), 1U) << "it is remembered all the same";
}

TEST(Prompts, OneThatLeavesAgainKeepsItsAnswer) {
  registry r;
  r.open("p");
  EXPECT_EQ(r.verdict(press("p")), taken);
  r.all.resume(asked("p"), r.now);
  EXPECT_EQ(r.verdict(press("p", "no")), repeated);
  r.all.resume(asked("q"), r.now); // a crash kept it from the disk
  EXPECT_EQ(r.verdict(press("q")), taken);
  r.open("p"); // its agent asks anew
  EXPECT_EQ(r.verdict(press("p", "no")), taken);
  r.number("n");
  r.all.resume(asked("n"), r.now);
  EXPECT_EQ(r.verdict(text("c", "1")), numbered);
}

// Its action waited for an outcome longer than an answered prompt was remembered (seed 5300000610).
TEST(Prompts, AnAnswerIsRememberedForAsLongAsItsPromptMayLeaveAgain) {
  prompt_rules rules;
  rules.lifetime = 5s;
  rules.resumable = 30s;
  prompts all{"aaaa0000", rules};
  const instant asked_at{1h};
  all.open(asked("p"), asked_at);
  EXPECT_EQ(all.hear(press("p"), asked_at + 1s).verdict, taken);
  all.resume(asked("p"), asked_at + 29s);
  EXPECT_EQ(all.hear(press("p"), asked_at + 30s).verdict, repeated);
  EXPECT_EQ(all.hear(press("p"), asked_at + 32s).verdict, foreign) << "and no longer";
}

TEST(Prompts, TheirRulesLeaveTimeForAllThatAnActionMayWait) {
  config::settings from;
  from.limits.prompt_lifetime = 5s;
  from.limits.egress_hold = 40s;
  EXPECT_EQ(prompt_rules::of(from).resumable, 160s);
}

TEST(Prompts, F58_OneAnswerWins) {
  registry r;
  r.open("aaaa0000.00000001");
  EXPECT_EQ(r.verdict(press("aaaa0000.00000001", "no")), taken);
  EXPECT_EQ(r.verdict(press("aaaa0000.00000001", "yes")), repeated);
  r.now += 2h - 1ms;
  EXPECT_EQ(r.verdict(press("aaaa0000.00000001")), repeated) << "remembered longer than a prompt lives";
}

TEST(Prompts, F57_ForeignAnswersAreSilent) {
  registry r;
  for (const auto* id : {"bbbb0000.00000001", "aaaa0000", "aaaa0000.", "aaaa00001.1", "own", ""})
    EXPECT_EQ(r.verdict(press(id)), foreign) << id;
  EXPECT_EQ(r.all.size(), 0U) << "a sibling's traffic takes no memory";
}

TEST(Prompts, AnAgentsOwnIdIsOursOnceItIsRegistered) {
  registry r;
  r.open("deploy-7");
  EXPECT_EQ(r.verdict(press("deploy-7")), taken);
}

TEST(Prompts, UnknownOnesOfOursAreToldOnce) {
  registry r;
  EXPECT_EQ(r.verdict(press("aaaa0000.0000000f")), late);
  EXPECT_EQ(r.verdict(press("aaaa0000.0000000f")), late_again);
  EXPECT_EQ(r.verdict(press("aaaa0000.0000000e")), late);
}

TEST(Prompts, TheyExpireAfterAnHourAndAreToldOnce) {
  registry r;
  r.open("own");
  r.open("other");
  r.now += 1h - 1ms;
  EXPECT_EQ(r.verdict(press("other")), taken);
  r.now += 1ms;
  EXPECT_EQ(r.verdict(press("own")), late) << "known by its id, whatever its nonce";
  EXPECT_EQ(r.verdict(press("own")), late_again);
}

TEST(Prompts, AShorterTimeoutOfTheirOwnCounts) {
  registry r;
  r.open("short", "c", 5'000);
  r.open("long", "c", 86'400'000);
  r.now += 5s;
  EXPECT_EQ(r.verdict(press("short")), late);
  r.now += 1h - 5s;
  EXPECT_EQ(r.verdict(press("long")), late) << "an hour is the most";
}

TEST(Prompts, TheSameIdAgainIsANewPrompt) {
  registry r;
  r.open("own");
  EXPECT_EQ(r.verdict(press("own")), taken);
  r.open("own");
  EXPECT_EQ(r.verdict(press("own")), taken);
  EXPECT_EQ(r.all.size(), 1U);
}

TEST(Prompts, AnOptionThatWasNotOfferedAnswersNothing) {
  registry r;
  r.open("own");
  EXPECT_EQ(r.verdict(press("own", "maybe")), no_option);
  EXPECT_EQ(r.verdict(press("own", "yes")), taken);
  r.all.open({"free", {"telegram", "c"}, {}, 0}, r.now);
  EXPECT_EQ(r.verdict(press("free", "whatever")), taken);
}

TEST(Prompts, WhatWasNeverShownIsForeign) {
  registry r;
  r.number("own");
  r.all.shown({"own", prompt_face::withdrawn});
  EXPECT_EQ(r.verdict(text("c", "1")), none);
  EXPECT_EQ(r.verdict(press("own")), foreign);
}

TEST(Prompts, ANumberAnswersWhatWasShownAsNumbers) {
  registry r;
  r.number("own");
  auto heard = r.hear(text("c", " 2\n"));
  EXPECT_EQ(heard.verdict, numbered);
  EXPECT_TRUE(heard.for_agent());
  EXPECT_EQ(heard.response, (prompt_response{"own", "no", "No", {}, true}));
  EXPECT_EQ(r.verdict(text("c", "1")), none) << "answered: the next number is small talk";
  EXPECT_EQ(r.verdict(press("own")), repeated);
}

TEST(Prompts, AButtonPromptIsNotAnsweredByNumbers) {
  registry r;
  r.open("own");
  EXPECT_EQ(r.verdict(text("c", "1")), none);
  r.all.shown({"own", prompt_face::buttons});
  EXPECT_EQ(r.verdict(text("c", "1")), none);
  r.all.shown({"own", prompt_face::numbers});
  r.all.shown({"own", prompt_face::buttons}); // the next connection could draw it
  EXPECT_EQ(r.verdict(text("c", "1")), none);
  EXPECT_EQ(r.verdict(press("own")), taken);
}

TEST(Prompts, OnlyAPlainNumberInRangeIsAnAnswer) {
  registry r;
  r.number("own");
  for (const auto* words :
       {"",         " ",    "0",     "01",          "3",  "999",    "1000", "1..", "1 .",
        ".1",       "(1)",  "1,",    "1 2",         "-1", "+1",     "one",  "1a",  "18446744073709551617",
        "\xD9\xA1", "\xFF", "1\xFF", "Yes, please", "ye", "Yes No", "own"})
    EXPECT_EQ(r.verdict(text("c", words)), none) << words;
  auto x = text("c", "1");
  x.source.is_bot = true;
  EXPECT_EQ(r.verdict(x), none);
  x = text("c", "1");
  x.source.message_is_edit = true;
  EXPECT_EQ(r.verdict(x), none);
  x = text("c", "1");
  x.type = message_type::command;
  EXPECT_EQ(r.verdict(x), none);
  x = text("c", "1");
  x.media_urls = {"https://a/1"};
  EXPECT_EQ(r.verdict(x), none);
  EXPECT_EQ(r.verdict(text("c", "1")), numbered) << "none of them used it up";
}

TEST(Prompts, ANumberAnswersInItsOwnChatOnly_F40) {
  registry r;
  r.number("own");
  EXPECT_EQ(r.verdict(text("d", "1")), none);
  auto x = text("c", "1");
  x.source.platform = "slack";
  EXPECT_EQ(r.verdict(x), none) << "the same chat id on another platform";
  r.all.open({"untagged", {"", "d"}, {{"yes", "Yes"}}, 0}, r.now);
  r.all.shown({"untagged", prompt_face::numbers});
  EXPECT_EQ(r.verdict(text("d", "1")), numbered) << "no platform was named: any is it";
}

TEST(Prompts, ANumberMayBeWrittenAsPeopleWriteThem) {
  for (const auto* words : {"2", " 2 ", "2.", "2)", "\xEF\xBC\x92", "\xEF\xBC\x92\xEF\xBC\x8E",
                            "\xE3\x80\x80\xEF\xBC\x92", "2\xEF\xBC\x89", "No", "no", " NO\n"}) {
    registry r;
    r.number("own");
    auto heard = r.hear(text("c", words));
    EXPECT_EQ(heard.verdict, numbered) << words;
    EXPECT_EQ(heard.response.option_id, "no") << words;
  }
}

TEST(Prompts, ALabelIsComparedWithoutCase) {
  auto answer = [](std::vector<prompt_choice> options, const std::string& words) {
    registry r;
    r.all.open({"own", {"telegram", "c"}, std::move(options), 0}, r.now);
    r.all.shown({"own", prompt_face::numbers});
    return r.hear(text("c", words)).response.option_id;
  };
  EXPECT_EQ(answer({{"a", "\xC3\x84rger"}}, "\xC3\xA4RGER"), "a");
  EXPECT_EQ(answer({{"a", "\xD0\x94\xD0\xB0"}}, "\xD0\xB4\xD0\x90"), "a");
  EXPECT_EQ(answer({{"a", "\xC5\xBB\xC3\xB3\xC5\x82w"}}, "\xC5\xBC\xC3\x93\xC5\x81W"), "a");
  EXPECT_EQ(answer({{"a", "two\nlines "}}, "Two lines"), "a") << "as it was shown";
  EXPECT_EQ(answer({{"go", ""}}, "Go"), "go") << "without a label its id is shown";
  EXPECT_EQ(answer({{"a", "2"}, {"b", "1"}}, "1"), "a") << "a number is a number first";
  EXPECT_EQ(answer({{"a", "10"}, {"b", "20"}}, "20"), "b");
  EXPECT_EQ(answer({{"a", "Same"}, {"b", "same"}}, "same"), "") << "nobody knows which";
}

TEST(Prompts, ALabelSaysWhichPromptIsMeant) {
  registry r;
  r.number("older");
  r.all.open({"newer", {"telegram", "c"}, {{"r", "Red"}, {"b", "Blue"}}, 0}, r.now);
  r.all.shown({"newer", prompt_face::numbers});
  EXPECT_EQ(r.hear(text("c", "yes")).response.prompt_id, "older");
  EXPECT_EQ(r.hear(text("c", "1")).response.prompt_id, "newer");
}

/// Of the thread `t`, to the bot of the profile `work`.
inbound_event text_there(const std::string& words) {
  auto x = text("c", words);
  x.source.thread_id = "t";
  x.source.profile = "work";
  return x;
}

TEST(Prompts, ANumberAnswersInTheSessionOfThePromptOnly) {
  registry r;
  auto what = asked("own");
  what.thread_id = "t";
  what.profile = "work";
  r.all.open(what, r.now);
  r.all.shown({"own", prompt_face::numbers});
  EXPECT_EQ(r.verdict(text("c", "1")), none) << "the root, and the default bot";
  for (auto change :
       {+[](inbound_event& x) { x.source.thread_id = "u"; },
        +[](inbound_event& x) { x.source.thread_id = ""; }, +[](inbound_event& x) { x.source.profile = ""; },
        +[](inbound_event& x) { x.source.profile = "play"; },
        +[](inbound_event& x) { x.source.chat_id = "d"; }}) {
    auto x = text_there("1");
    change(x);
    EXPECT_EQ(r.verdict(x), none);
    x.text = "Yes";
    EXPECT_EQ(r.verdict(x), none);
  }
  auto opens = text_there("1");
  std::swap(opens.source.thread_id, opens.source.prospective_thread_id);
  EXPECT_EQ(r.verdict(opens), numbered) << "it is of that thread all the same";
  r.number("plain");
  EXPECT_EQ(r.verdict(text_there("1")), none) << "and the root's prompt is not the thread's";
  auto by_name = text("c", "1");
  by_name.source.profile = "default";
  EXPECT_EQ(r.verdict(by_name), numbered);
}

prompt_opened asked_by_ana(const std::string& id) {
  auto x = asked(id);
  x.approval = true;
  x.decided_by = "ana";
  return x;
}
inbound_event by(inbound_event x, const std::string& user) {
  x.source.user_id = user;
  return x;
}

// Its agent asked again, and whoever knew whose turn it was had died (seed 3000037085).
TEST(Prompts, AnApprovalAskedAgainIsStillItsAuthorsToDecide) {
  registry r;
  r.all.open(asked_by_ana("own"), r.now);
  auto again = asked_by_ana("own");
  again.decided_by.clear();
  r.all.open(again, r.now);
  EXPECT_EQ(r.verdict(by(press("own"), "bo")), bystander);
  EXPECT_EQ(r.verdict(by(press("own"), "ana")), taken);
  r.all.open(again, r.now); // it was decided: this is a new one
  EXPECT_EQ(r.verdict(by(press("own"), "bo")), taken);
}

// The same, after it was decided: its agent had not heard what became of it (seed 700007435).
TEST(Prompts, AnApprovalAskedAgainForAForgottenTurnIsItsAuthorsEvenOnceDecided) {
  registry r;
  r.all.open(asked_by_ana("own"), r.now);
  EXPECT_EQ(r.verdict(by(press("own"), "ana")), taken);
  auto again = asked_by_ana("own");
  again.decided_by.clear();
  again.turn_forgotten = true;
  r.all.open(again, r.now);
  EXPECT_EQ(r.verdict(by(press("own"), "bo")), bystander);
  EXPECT_EQ(r.verdict(by(press("own"), "ana")), taken);
}

TEST(Prompts, AnApprovalInAGroupIsItsAskersToDecide) {
  registry r;
  r.all.open(asked_by_ana("own"), r.now);
  EXPECT_EQ(r.verdict(by(press("own"), "bo")), bystander);
  EXPECT_EQ(r.verdict(press("own")), bystander) << "nobody knows who that was";
  EXPECT_FALSE(r.hear(by(press("own"), "bo")).for_agent());
  EXPECT_EQ(r.verdict(by(press("own"), "ana")), taken);
  EXPECT_EQ(r.verdict(by(press("own"), "bo")), repeated);
  r.all.open(asked_by_ana("typed"), r.now);
  r.all.shown({"typed", prompt_face::numbers});
  for (const auto* words : {"1", "yes"})
    EXPECT_EQ(r.verdict(by(text("c", words), "bo")), none) << "plain text";
  auto alias = by(text("c", "1"), "u77");
  alias.source.user_id_alt = "ana";
  EXPECT_EQ(r.verdict(alias), numbered);
}

TEST(Prompts, AnybodyMayAnswerWhatIsNoApprovalOrWhereTheRulesSaySo) {
  registry r;
  auto choice = asked_by_ana("choice");
  choice.approval = false;
  r.all.open(choice, r.now);
  EXPECT_EQ(r.verdict(by(press("choice"), "bo")), taken);
  auto in_a_dm = asked_by_ana("dm");
  in_a_dm.decided_by.clear();
  r.all.open(in_a_dm, r.now);
  EXPECT_EQ(r.verdict(by(press("dm"), "bo")), taken);
  prompt_rules rules;
  rules.anyone_approves = true;
  r.all = prompts{"aaaa0000", rules};
  r.all.open(asked_by_ana("own"), r.now);
  EXPECT_EQ(r.verdict(by(press("own"), "bo")), taken);
}

TEST(Prompts, WhatIsSomebodyElsesIsNotMeantByANumber) {
  registry r;
  r.number("anybody's");
  r.all.open(asked_by_ana("ana's"), r.now);
  r.all.shown({"ana's", prompt_face::numbers});
  EXPECT_EQ(r.hear(by(text("c", "1"), "bo")).response.prompt_id, "anybody's");
  EXPECT_EQ(r.hear(by(text("c", "1"), "ana")).response.prompt_id, "ana's");
}

TEST(Prompts, TheSessionAndTheAskerAreKeptOverARestart) {
  registry r;
  r.all.track();
  auto what = asked_by_ana("own");
  what.thread_id = "t";
  what.profile = "work";
  r.all.open(what, r.now);
  r.all.shown({"own", prompt_face::numbers});
  auto records = r.all.changes(r.now);
  ASSERT_EQ(records.size(), 1U);
  auto& kept = std::get<prompt_kept>(records[0]);
  std::string text_of_it;
  wire::append_kept(text_of_it, kept.what);
  prompt_kept read{{}, kept.stage, kept.numbered};
  ASSERT_TRUE(wire::read_kept(text_of_it, read.what));
  read.what.lifetime_ms = kept.what.lifetime_ms;
  registry next;
  next.all.restore(read, next.now);
  EXPECT_EQ(next.verdict(by(text("c", "1"), "ana")), none);
  EXPECT_EQ(next.verdict(by(text_there("1"), "bo")), none);
  EXPECT_EQ(next.verdict(by(text_there("1"), "ana")), numbered);
}

TEST(Prompts, TheNewestOneIsMeant) {
  registry r;
  r.number("older");
  r.number("newer");
  EXPECT_EQ(r.hear(text("c", "1")).response.prompt_id, "newer");
  EXPECT_EQ(r.hear(text("c", "1")).response.prompt_id, "older");
  EXPECT_EQ(r.verdict(text("c", "1")), none);
}

TEST(Prompts, AnExpiredOneIsNotAnsweredByNumbers) {
  registry r;
  r.number("own");
  r.now += 1h;
  EXPECT_EQ(r.verdict(text("c", "1")), none);
}

TEST(Prompts, BoundedByNumberAndAge) {
  registry r;
  r.all = prompts{"aaaa0000", {1h, 3}};
  for (int i = 0; i < 10; ++i) r.number("p" + std::to_string(i));
  EXPECT_EQ(r.all.size(), 3U);
  EXPECT_EQ(r.verdict(press("p6")), foreign) << "the oldest were forgotten";
  EXPECT_EQ(r.verdict(press("p7")), taken);
  r.now += 2h;
  EXPECT_EQ(r.verdict(press("p8")), foreign);
  EXPECT_EQ(r.all.size(), 0U);
  EXPECT_FALSE(r.all.concerns(text("c", "1"))) << "no number is waited for any more";
  r.all = prompts{"aaaa0000", {1h, 0}};
  EXPECT_EQ(r.verdict(press("aaaa0000.1")), late) << "a bound of nothing is one of one";
}

/// Whatever happens in whatever order: an opened prompt is answered at most once, by an offered option and
/// in time; what was never opened never reaches an agent.
RC_GTEST_PROP(Prompts, F58_AtMostOneAnswerPerPrompt, ()) {
  registry r;
  struct model {
    instant until{};
    bool answered = false, gone = false;
  };
  std::map<std::string, model> opened;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 7));
  for (auto step : steps) {
    const std::string chat = *rc::gen::element("c", "d");
    // Of its chat alone: one id in both are two prompts (prompt_places_test).
    const auto id =
        (*rc::gen::arbitrary<bool>() ? "aaaa0000." : "own.") + std::to_string(*rc::gen::inRange(0, 3)) + chat;
    auto& x = opened[id];
    const bool live = !x.answered && !x.gone && r.now < x.until;
    if (step == 0) {
      const auto lifetime = *rc::gen::element(0U, 1'000U, 10'000'000U);
      r.open(id, chat, lifetime);
      x = {r.now + (lifetime == 1'000U ? milliseconds{1s} : milliseconds{1h}), false, false};
    } else if (step == 1) {
      r.all.shown({id, prompt_face::numbers});
    } else if (step == 2) {
      r.all.shown({id, prompt_face::buttons});
    } else if (step == 3) {
      r.all.shown({id, prompt_face::withdrawn});
      if (!x.answered) x.gone = true;
    } else if (step == 4) {
      r.now += *rc::gen::element(milliseconds{1}, milliseconds{1s}, milliseconds{40min});
    } else if (step == 5) {
      const std::string option = *rc::gen::element("yes", "never-offered");
      const auto heard = r.verdict(press(id, option));
      RC_ASSERT((heard == taken) == (live && option == "yes"));
      if (heard == taken) x.answered = true;
    } else {
      const auto number = *rc::gen::inRange(0, 4);
      const auto heard = r.hear(text(chat, std::to_string(number)));
      if (heard.verdict == none) continue;
      RC_ASSERT(heard.verdict == numbered);
      RC_ASSERT(number == 1 || number == 2);
      auto& y = opened.at(heard.response.prompt_id);
      RC_ASSERT(!y.answered && !y.gone && r.now < y.until);
      RC_ASSERT(heard.response.option_id == (number == 1 ? "yes" : "no"));
      y.answered = true;
    }
  }
}

} // namespace prompts_test
} // namespace relay::core
