// A message that kills its agent is set aside alone (agent-link.md, Promises).
#include "relay_gateway/actors/inbound/core/inbox.hpp"
#include "relay_gateway/actors/inbound/core/suspects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace relay::core {
namespace suspects_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto any = [](std::uint64_t) { return true; };

TEST(Suspects, OneAtATimeOldestFirst) {
  suspects s;
  for (std::uint64_t id : {3, 1, 2}) s.add(id, 0);
  EXPECT_EQ(s.next(any), 1U);
  s.given(1);
  EXPECT_EQ(s.next(any), 0U);
  s.given(9); // no suspect: it has no turn
  s.clear(1);
  EXPECT_EQ(s.next(any), 2U);
  EXPECT_EQ(s.next([](auto id) { return id == 3; }), 3U);
}

TEST(Suspects, TheInnocentFirstThenWhatIsNearestToItsEnd) {
  suspects s;
  s.add(1, 1);
  s.add(2, 3);
  s.add(3, 0);
  EXPECT_EQ(s.next(any), 3U);
  s.clear(3);
  EXPECT_EQ(s.next(any), 2U);
  s.add(1, 4);
  EXPECT_EQ(s.next(any), 1U);
}

TEST(Suspects, ADeathIsBlamedOnTheOnlySuspect) {
  suspects s;
  EXPECT_EQ(s.blamed({7}), 7U);
  EXPECT_EQ(s.blamed({7, 8}), 0U);
  s.add(8, 0);
  EXPECT_EQ(s.blamed({7, 8, 9}), 8U);
  s.add(9, 0);
  EXPECT_EQ(s.blamed({7, 8, 9}), 0U);
  EXPECT_EQ(s.blamed({}), 0U);
}

TEST(Suspects, SuspicionOnDiskLeavesTheCountAlone) {
  EXPECT_EQ(without_suspicion(with_suspicion(5, true)), 5U);
  EXPECT_TRUE(is_suspect(with_suspicion(0, true)));
  EXPECT_FALSE(is_suspect(with_suspicion(5, false)));
}

// -- in the inbox ---------------------------------------------------------------------------------------

event_ref event(const std::string& chat, const std::string& text) {
  inbound_event x;
  x.source.platform = "p";
  x.source.chat_id = chat;
  x.message_id = text;
  x.text = text;
  return event_ref{std::move(x)};
}

struct driver {
  explicit driver(inbox_rules r = {}) : rules(r), box(r) {
    run([&](auto& step) { box.presence(true, now, step); });
  }
  void run(const std::function<void(inbox_step&)>& f) {
    inbox_step step;
    f(step);
    for (auto& x : step.deliver) {
      out.insert(x.id);
      given.push_back(x.id);
      texts[x.id] = x.event->text;
      EXPECT_TRUE(seen.count(x.id) == 0 || x.redelivered);
      seen.insert(x.id);
    }
    for (auto& [id, x] : step.dead) dead.insert(x->text);
    for (auto& x : step.records)
      if (auto* tried = std::get_if<event_tried>(&x)) attempts[tried->seq] = tried->attempts;
    if (step.upto > 0) run([&](auto& more) { box.stored(step.upto, now, more); });
  }
  std::vector<std::uint64_t> accept(const std::string& chat, const std::string& text) {
    given.clear();
    run([&](auto& step) { box.accept(event(chat, text), {}, now, step); });
    return given;
  }
  std::vector<std::uint64_t> ack(std::uint64_t id) {
    given.clear();
    out.erase(id);
    run([&](auto& step) { box.acked(id, now, step); });
    return given;
  }
  std::vector<std::uint64_t> die() {
    given.clear();
    std::vector<std::uint64_t> with_it(out.begin(), out.end());
    out.clear();
    run([&](auto& step) { box.died(with_it, now, step); });
    return given;
  }
  inbox_rules rules;
  inbox box;
  instant now{1h};
  std::set<std::uint64_t> out, seen;
  std::vector<std::uint64_t> given;
  std::map<std::uint64_t, std::string> texts;
  std::map<std::uint64_t, std::uint32_t> attempts; ///< as recorded
  std::set<std::string> dead;
};

TEST(Suspects, WhatWasOutComesAgainOneAtATimeAndNewOnesGoOn) {
  driver d;
  for (auto chat : {"a", "b", "c"}) d.accept(chat, chat);
  EXPECT_THAT(d.die(), ElementsAre(1));
  EXPECT_THAT(d.accept("d", "new"), ElementsAre(4));
  EXPECT_THAT(d.accept("b", "behind"), IsEmpty());
  EXPECT_THAT(d.ack(1), ElementsAre(2));
  EXPECT_THAT(d.die(), ElementsAre(3)) << "4 is suspect now, and 2 has a death to its name";
  EXPECT_THAT(d.ack(3), ElementsAre(4));
  EXPECT_THAT(d.ack(4), ElementsAre(2));
  EXPECT_THAT(d.ack(2), ElementsAre(5));
  EXPECT_EQ(d.box.suspected(), 0U);
}

TEST(Suspects, TheDiskIsToldOfWhatComesBackUnseen) {
  inbox_rules rules;
  rules.durable = true;
  driver d(rules);
  ASSERT_THAT(d.accept("a", "1"), ElementsAre(1));
  inbox_step step;
  d.box.returned(1, d.now, step, true);
  ASSERT_FALSE(step.records.empty());
  const auto* tried = std::get_if<event_tried>(&step.records.front());
  ASSERT_NE(tried, nullptr);
  EXPECT_EQ(tried->attempts, 0U) << "a process that died now would not have given it to anybody";
}

TEST(Suspects, AMissedAckGivesTheTurnToTheNext) {
  driver d;
  d.accept("a", "1");
  d.accept("b", "2");
  EXPECT_THAT(d.die(), ElementsAre(1));
  d.given.clear();
  d.now += 60s;
  d.run([&](auto& step) { d.box.timer(d.now, step); });
  EXPECT_THAT(d.given, ElementsAre(2)) << "it must not wait for one that hangs";
  EXPECT_THAT(d.ack(2), ElementsAre(1));
}

// Nobody else has it yet, and it may be what killed its agent (seeds 5700007262, 5700015878).
TEST(Suspects, WhatMissedItsAckIsStillInTheHandsOfItsAgent) {
  inbox_rules rules;
  rules.durable = true;
  driver d{rules};
  d.accept("a", "1");
  d.accept("b", "2");
  EXPECT_THAT(d.die(), ElementsAre(1));
  d.now += 60s;
  d.run([&](auto& step) { d.box.timer(d.now, step); });
  EXPECT_THAT(d.out, ElementsAre(1, 2)) << "1 has not answered and waits for its next turn";
  EXPECT_THAT(d.die(), ElementsAre(2));
  EXPECT_EQ(without_suspicion(d.attempts.at(2)), 1U) << "its new attempt: the death before was not its own";
  d.die();
  d.ack(1);
  EXPECT_EQ(without_suspicion(d.attempts.at(2)), 2U) << "that one was";
}

TEST(Suspects, WhatOnlyGetsNewHostsIsNotSuspect) {
  driver d;
  d.accept("a", "1");
  d.accept("b", "2");
  d.given.clear();
  d.run([&](auto& step) { d.box.all_returned(d.now, step, false); });
  EXPECT_THAT(d.given, ElementsAre(1, 2));
  EXPECT_EQ(d.box.suspected(), 0U);
}

TEST(Suspects, SuspicionAndCountOutliveTheProcess) {
  inbox_rules rules;
  rules.durable = true;
  driver d{rules};
  d.accept("a", "1");
  d.accept("b", "2");
  d.die(); // 1 is out alone
  d.die(); // and counted; 2 is out alone when the process dies
  inbound_image image;
  image.last_seq = 2;
  for (std::uint64_t seq : {1, 2})
    image.open.push_back({seq, event(seq == 1 ? "a" : "b", std::to_string(seq)), {}, d.attempts.at(seq)});
  driver next{rules};
  next.run([&](auto& step) { next.box.presence(false, next.now, step); });
  next.run([&](auto& step) { next.box.restore(image, next.now, step, [](auto&) { return false; }); });
  next.given.clear();
  next.run([&](auto& step) { next.box.presence(true, next.now, step); });
  EXPECT_THAT(next.given, ElementsAre(1)) << "one at a time, and each has one death by now";
  EXPECT_THAT(next.ack(1), ElementsAre(2));
  for (std::size_t n = 1; n < rules.max_deliveries; ++n) {
    EXPECT_THAT(next.dead, IsEmpty()) << n;
    next.die();
  }
  EXPECT_THAT(next.dead, ElementsAre("2")) << "the death of the process counts";
}

/// An agent that takes what is out in any order and dies of some texts, new events coming meanwhile: exactly
/// the poison is set aside, everything else is taken.
RC_GTEST_PROP(Suspects, OnlyThePoisonIsSetAside, ()) {
  inbox_rules rules;
  rules.durable = *rc::gen::arbitrary<bool>();
  driver d{rules};
  auto chats = *rc::gen::inRange(2, 40);
  auto poisons =
      *rc::gen::inRange(1, 4); // fewer than deliveries, so that no bad random generator counts up to the end
  std::set<std::string> poison;
  std::vector<std::pair<std::string, std::string>> all;
  for (int n = 0; n < chats; ++n) {
    auto text = (n < poisons ? "die" : "m") + std::to_string(n);
    if (n < poisons) poison.insert(text);
    all.emplace_back("c" + std::to_string(*rc::gen::inRange(0, chats)), text);
  }
  for (std::size_t n = all.size(); n > 1; --n)
    std::swap(all[n - 1], all[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(n)))]);
  std::set<std::string> taken;
  std::size_t came = 0, deaths = 0;
  while (came < all.size() || !d.out.empty()) {
    if (came < all.size() && (d.out.empty() || *rc::gen::arbitrary<bool>())) {
      d.accept(all[came].first, all[came].second);
      ++came;
      continue;
    }
    auto id = *std::next(d.out.begin(), *rc::gen::inRange<int>(0, static_cast<int>(d.out.size())));
    if (poison.count(d.texts.at(id)) > 0) {
      d.die();
      RC_ASSERT(++deaths < 1'000U);
    } else {
      taken.insert(d.texts.at(id));
      d.ack(id);
    }
  }
  RC_ASSERT(d.dead == poison);
  RC_ASSERT(taken.size() + poison.size() == all.size());
  RC_ASSERT(d.box.pending() == 0U);
  RC_ASSERT(d.box.suspected() == 0U);
}

} // namespace suspects_test
} // namespace relay::core
