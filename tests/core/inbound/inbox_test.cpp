// Order, acks, presence and bounds of the way in without a disk.
#include "relay_gateway/tests/core/inbound/inbox_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace inbox_test {

using namespace inbox_rig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// -- order and acks ---------------------------------------------------------------------------------------

TEST(Inbox, F12_ALineThatNobodyCanReadIsADeadLetterAndAcked) {
  driver d;
  auto step = d.set_aside(unreadable("{"), "b1");
  EXPECT_TRUE(d.known);
  EXPECT_THAT(step.acks, ElementsAre("b1"));
  EXPECT_THAT(step.deliver, IsEmpty());
  ASSERT_EQ(step.records.size(), 1U);
  EXPECT_EQ(std::get<event_dead>(step.records[0]).event->text, "{");
  EXPECT_EQ(d.box.dead_letters(), 1U);
  step = d.set_aside(unreadable("{"), "b1");
  EXPECT_FALSE(d.known) << "it came again";
  EXPECT_THAT(step.acks, ElementsAre("b1"));
  EXPECT_THAT(step.records, IsEmpty());
  d.set_aside(unreadable("{{"), "b1");
  EXPECT_TRUE(d.known) << "another line under the same id";
  d.set_aside(unreadable("{"));
  d.set_aside(unreadable("{"));
  EXPECT_EQ(d.box.dead_letters(), 4U) << "without an id nothing comes again";
  step = d.accept(event("c", "m"), "b1");
  EXPECT_EQ(d.last, arrival::fresh) << "and the id may name an event by now";
}

TEST(Inbox, UnreadableLinesAreBoundedTheOldestGoFirst) {
  inbox_rules rules;
  rules.max_unreadable = 2;
  driver d{rules};
  d.set_aside(unreadable("1"));
  d.set_aside(unreadable("2"));
  const auto step = d.set_aside(unreadable("3"));
  ASSERT_EQ(step.records.size(), 2U);
  EXPECT_EQ(std::get<dead_gone>(step.records[1]).seq, 1U);
  EXPECT_EQ(d.box.dead_letters(), 2U);
  d.run([&](auto& out) { d.box.drop_dead_letter(2, out); });
  EXPECT_EQ(d.set_aside(unreadable("4")).records.size(), 1U) << "there is room again";
}

TEST(Inbox, OneAtATimePerChatOthersDoNotWait) {
  driver d;
  EXPECT_THAT(ids(d.accept(event("c", "1"))), ElementsAre(1));
  EXPECT_THAT(ids(d.accept(event("c", "2"))), IsEmpty());
  EXPECT_THAT(ids(d.accept(event("other", "1"))), ElementsAre(3));
  EXPECT_THAT(ids(d.accept(event("c", "3"))), IsEmpty());
  EXPECT_THAT(ids(d.ack(1)), ElementsAre(2));
  EXPECT_THAT(ids(d.ack(3)), IsEmpty());
  EXPECT_THAT(ids(d.ack(2)), ElementsAre(4));
  EXPECT_EQ(d.box.in_flight(), 1U);
  EXPECT_EQ(d.box.pending(), 1U);
}

TEST(Inbox, F40_TheSameNumberOnTwoPlatformsIsTwoChats) {
  driver d;
  inbound_event x = *event("c", "1");
  x.source.platform = "q";
  d.accept(event("c", "1"));
  EXPECT_THAT(ids(d.accept(event_ref{x})), ElementsAre(2));
}

TEST(Inbox, F24_TheConnectorIsAckedOnlyOnceTheAgentHasIt) {
  driver d;
  EXPECT_THAT(d.accept(event("c", "1"), "b1").acks, IsEmpty());
  EXPECT_THAT(d.ack(1).acks, ElementsAre("b1"));
  EXPECT_TRUE(d.known);
  EXPECT_THAT(d.ack(1).acks, IsEmpty());
  EXPECT_FALSE(d.known);
}

TEST(Inbox, AnEventThatWasNeverGivenOutCannotBeAcked) {
  driver d;
  d.accept(event("c", "1"));
  d.accept(event("c", "2"), "b2");
  EXPECT_THAT(d.ack(2).acks, IsEmpty());
  EXPECT_FALSE(d.known);
  d.ack(77);
  EXPECT_FALSE(d.known);
  EXPECT_EQ(d.box.pending(), 2U);
}

// -- presence, returns, time-outs ----------------------------------------------------------------------

TEST(Inbox, WhileNobodyIsThereEventsWaitAndNothingTimesOut) {
  driver d{{}, false};
  EXPECT_THAT(ids(d.accept(event("a", "1"))), IsEmpty());
  d.accept(event("b", "1"));
  d.accept(event("a", "2"));
  EXPECT_EQ(d.box.due(), deadline{});
  d.now += 24h;
  EXPECT_THAT(ids(d.timer()), IsEmpty());
  EXPECT_THAT(ids(d.presence(true)), ElementsAre(1, 2)) << "the oldest of each chat, oldest first";
  EXPECT_THAT(ids(d.presence(true)), IsEmpty());
}

TEST(Inbox, WhatIsOutWhenTheLastAgentGoesDoesNotAgeTowardsDeath) {
  driver d{small()};
  d.accept(event("c", "1"));
  d.presence(false);
  EXPECT_EQ(d.box.due(), deadline{});
  for (int i = 0; i < 5; ++i) {
    d.now += 1h;
    EXPECT_THAT(d.timer().dead, IsEmpty());
  }
  EXPECT_THAT(ids(d.presence(true)), IsEmpty()) << "it may still be with somebody";
  ASSERT_TRUE(d.box.due());
  EXPECT_LE(*d.box.due(), d.now);
  EXPECT_THAT(ids(d.timer()), ElementsAre(1));
}

TEST(Inbox, AnAckMayComeAfterTheAgentHasGone) {
  driver d;
  d.accept(event("c", "1"), "b1");
  d.presence(false);
  EXPECT_THAT(d.ack(1).acks, ElementsAre("b1"));
  d.accept(event("c", "2"), "b2");
  d.presence(true);
  d.presence(false);
  d.returned(2);
  EXPECT_THAT(d.ack(2).acks, ElementsAre("b2"));
  EXPECT_EQ(d.box.in_flight(), 0U);
  EXPECT_EQ(d.box.pending(), 0U);
}

TEST(Inbox, AnOverdueAckMeansAnotherDeliveryOfTheSameEvent) {
  driver d;
  d.accept(event("c", "1"));
  d.accept(event("c", "2"));
  EXPECT_EQ(d.box.due(), deadline{d.now + 60s});
  d.now += 60s - 1ms;
  EXPECT_THAT(ids(d.timer()), IsEmpty());
  d.now += 1ms;
  auto step = d.timer();
  ASSERT_THAT(ids(step), ElementsAre(1)) << "not the next one: the order is kept";
  EXPECT_TRUE(step.deliver[0].redelivered);
  EXPECT_EQ(d.box.due(), deadline{d.now + 60s});
  EXPECT_EQ(d.box.in_flight(), 1U);
  EXPECT_FALSE(d.ack(1).deliver.at(0).redelivered) << "the next one is new";
}

TEST(Inbox, AReturnedEventHasANewDeadline) {
  driver d;
  d.accept(event("c", "1"));
  d.now += 40s;
  EXPECT_THAT(ids(d.returned(1)), ElementsAre(1));
  d.now += 20s;
  EXPECT_THAT(ids(d.timer()), IsEmpty()) << "the first delivery's deadline is void";
  EXPECT_EQ(d.box.due(), deadline{d.now + 40s});
  EXPECT_THAT(ids(d.returned(99)), IsEmpty());
}

TEST(Inbox, F32_TooManyDeliveriesAreATerminalDecisionAndAnAck) {
  driver d{small()};
  d.accept(event("c", "1"), "b1");
  d.accept(event("c", "2"), "b2");
  EXPECT_THAT(ids(d.returned(1)), ElementsAre(1));
  EXPECT_THAT(ids(d.returned(1)), ElementsAre(1));
  auto step = d.returned(1);
  ASSERT_EQ(step.dead.size(), 1U);
  EXPECT_EQ(step.dead[0].first, 1U);
  EXPECT_THAT(step.acks, ElementsAre("b1"));
  EXPECT_THAT(ids(step), ElementsAre(2)) << "it blocks its chat no longer";
  EXPECT_EQ(d.box.dead_letters(), 1U);
  EXPECT_THAT(d.ack(1).acks, IsEmpty()) << "too late";
  EXPECT_FALSE(d.known);
  d.accept(event("c", "1"), "b1");
  EXPECT_EQ(d.last, arrival::repeat_settled);
}

TEST(Inbox, WhatNobodySawIsNotCountedAmongItsDeliveries) {
  driver d{small()};
  d.accept(event("c", "1"));
  for (int n = 0; n < 10; ++n) { // more often than it is delivered
    auto step = d.run([&](auto& out) { d.box.returned(1, d.now, out, true); });
    ASSERT_THAT(ids(step), ElementsAre(1));
    EXPECT_FALSE(step.deliver.at(0).redelivered);
  }
  EXPECT_TRUE(d.returned(1).deliver.at(0).redelivered);
  EXPECT_EQ(d.box.dead_letters(), 0U);
}

TEST(Inbox, WhatIsNotOutCannotComeBackUnseen) {
  driver d{small()};
  const auto unseen = [&](std::uint64_t id) {
    return ids(d.run([&](auto& out) { d.box.returned(id, d.now, out, true); }));
  };
  d.accept(event("c", "1"));
  d.accept(event("c", "2"));
  EXPECT_THAT(unseen(99), IsEmpty()) << "nobody knows it";
  EXPECT_THAT(unseen(2), IsEmpty()) << "it waits for the first one";
  EXPECT_THAT(ids(d.ack(1)), ElementsAre(2));
  d.ack(2);
  EXPECT_THAT(unseen(2), IsEmpty()) << "it was taken";
}

TEST(Inbox, TellsHowLongADeliveryWaited) {
  driver d;
  EXPECT_EQ(d.accept(event("c", "1")).deliver.at(0).waited, std::chrono::nanoseconds{0});
  d.accept(event("c", "2"));
  d.now += 5s;
  EXPECT_EQ(d.ack(1).deliver.at(0).waited, std::chrono::nanoseconds{5s});
}

TEST(Inbox, AllThatWasWithADeadAgentIsGivenOutAgain) {
  driver d;
  d.accept(event("a", "1"));
  d.accept(event("b", "1"));
  d.accept(event("a", "2"));
  inbox_step step;
  d.box.all_returned(d.now, step);
  EXPECT_THAT(ids(step), ElementsAre(1)) << "each may have killed it: one at a time";
  EXPECT_EQ(d.box.in_flight(), 1U);
  inbox_step next;
  EXPECT_TRUE(d.box.acked(1, d.now, next));
  EXPECT_THAT(ids(next), ElementsAre(3, 2)) << "what is behind it in its chat is not suspect";
}

// -- bounds ------------------------------------------------------------------------------------------

TEST(Inbox, TheDedupeWindowEndsByTime) {
  driver d;
  d.accept(event("c", "1"));
  d.now += 1h;
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::repeat_open) << "what is open is never forgotten";
  d.ack(1);
  d.now += 10min - 1ms;
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.now += 1ms;
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::fresh);
}

TEST(Inbox, TheDedupeWindowEndsByCount) {
  driver d{small()};
  for (int i = 1; i <= 5; ++i) {
    d.accept(event("c", std::to_string(i)));
    d.ack(static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(d.box.remembered(), 4U);
  d.accept(event("c", "2"));
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::fresh) << "the oldest went first";
}

TEST(Inbox, SaysWhenItIsFull) {
  driver d{small()};
  std::vector<backpressure> seen;
  for (int i = 0; i < 5; ++i) {
    seen.push_back(d.box.room());
    d.accept(event("c", std::to_string(i)));
  }
  EXPECT_THAT(seen, ElementsAre(backpressure::none, backpressure::none, backpressure::soft,
                                backpressure::soft, backpressure::hard));
  for (std::uint64_t id = 1; id <= 4; ++id) d.ack(id);
  EXPECT_EQ(d.box.room(), backpressure::none);
}

TEST(Inbox, ALongBacklogOfOneChatTakesTimeInProportion) {
  driver d;
  constexpr std::uint64_t many = 50'000;
  for (std::uint64_t i = 1; i <= many; ++i) d.accept(event("c", std::to_string(i)));
  for (std::uint64_t i = 1; i < many; ++i) EXPECT_EQ(ids(d.ack(i)).at(0), i + 1);
}

TEST(Inbox, WhatWaitsCanBeHeldForItsFilesAndWhatIsOutCannot) {
  driver d{{}, false};
  d.accept(event("a", "1"));
  d.accept(event("a", "2"));
  d.accept(event("b", "3", "plain"));
  d.accept(event("c", "4"));
  d.presence(true); // 1, 3 and 4 are out
  auto with_files = [](const inbound_event& x) { return x.text != "plain"; };
  EXPECT_THAT(d.box.hold(with_files), ElementsAre(2));
  EXPECT_THAT(d.box.hold(with_files), IsEmpty()) << "told once";
  EXPECT_THAT(d.ack(1).deliver, IsEmpty()) << "2 waits for its files";
  auto out = d.run([&](auto& x) { d.box.ready(2, {{"u", "/f", ""}}, d.now, x); });
  ASSERT_EQ(out.deliver.size(), 1U);
  EXPECT_EQ(out.deliver[0].files[0].path, "/f");
  EXPECT_THAT(d.ack(2).released, ElementsAre(2));
}

TEST(Inbox, F32_AConsumedEventIsAckedAndItsRepeatsAreSettled) {
  driver d;
  auto x = event("c", "m", "x");
  EXPECT_FALSE(d.box.known(*x, "b1", d.now));
  auto step = d.run([&](auto& out) { d.box.consume(*x, "b1", d.now, out); });
  EXPECT_EQ(step.acks, std::vector<std::string>{"b1"});
  EXPECT_TRUE(step.deliver.empty());
  EXPECT_EQ(d.box.pending(), 0U);
  EXPECT_FALSE(d.box.known(*event("c", "other", "y"), "b1", d.now)) << "another message of that buffer id";
  EXPECT_TRUE(d.box.known(*x, "", d.now)) << "by its message id";
  step = d.accept(x, "b2");
  EXPECT_EQ(d.last, arrival::repeat_settled);
  EXPECT_EQ(step.acks, std::vector<std::string>{"b2"});
  d.now += inbox_rules{}.dedupe_window;
  EXPECT_FALSE(d.box.known(*x, "b1", d.now)) << "for as long as any";
}

TEST(Inbox, F22_AnEventWithoutKeysIsNeverKnown) {
  driver d;
  auto x = event("c", "", "x");
  d.run([&](auto& out) { d.box.consume(*x, "", d.now, out); });
  EXPECT_FALSE(d.box.known(*x, "", d.now));
  EXPECT_EQ(d.box.remembered(), 0U);
}

} // namespace inbox_test
} // namespace relay::core
