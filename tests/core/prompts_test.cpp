// The registry of prompts (protocol.md 6, Prompt ids).
#include "actors/core/prompts.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
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
  for (const auto* words : {"", " ", "0", "01", "3", "999", "1000", "1.", "1 2", "-1", "+1", "one", "1a",
                            "18446744073709551617", "\xD9\xA1"})
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
    const auto id =
        (*rc::gen::arbitrary<bool>() ? "aaaa0000." : "own.") + std::to_string(*rc::gen::inRange(0, 3));
    const std::string chat = *rc::gen::element("c", "d");
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
