// The way in with a disk: claim, commit, ack, hand out, settle; processes that die.
#include "relay_gateway/tests/core/inbound/inbox_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace inbox_durable_test {

using namespace inbox_rig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using driver = durable_driver;

TEST(InboxDurable, F24_TheConnectorIsAckedAndTheAgentToldOnlyOnceTheEventIsOnDisk) {
  driver d;
  auto step = d.accept(event("c", "1"), "b1");
  EXPECT_THAT(step.acks, IsEmpty());
  EXPECT_THAT(ids(step), IsEmpty());
  step = d.work();
  EXPECT_THAT(step.acks, ElementsAre("b1"));
  EXPECT_THAT(ids(step), ElementsAre(1));
}

TEST(InboxDurable, F12_AnUnreadableLineIsAckedOnceItIsAmongTheDeadLetters) {
  inbox_rules rules = durable();
  rules.max_unreadable = 2;
  driver d{rules};
  EXPECT_THAT(d.set_aside(unreadable("{"), "b1").acks, IsEmpty());
  EXPECT_THAT(d.set_aside(unreadable("{"), "b1").acks, IsEmpty()) << "a repeat waits for the disk, too";
  EXPECT_THAT(d.work().acks, ElementsAre("b1"));
  ASSERT_EQ(d.store.dead.size(), 1U);
  EXPECT_EQ(d.store.dead.begin()->second.event->text, "{");
  d.restart();
  EXPECT_THAT(d.set_aside(unreadable("{"), "b1").acks, ElementsAre("b1")) << "still known as a repeat";
  EXPECT_FALSE(d.known);
  d.set_aside(unreadable("2"));
  d.set_aside(unreadable("3"));
  d.sync();
  EXPECT_EQ(d.store.dead.size(), 2U) << "bounded over restarts";
  EXPECT_EQ(d.store.dead.begin()->second.event->text, "2");
  EXPECT_EQ(d.box.dead_letters(), 2U);
}

TEST(InboxDurable, F24_WhatWasAckedComesAgainAfterACrash) {
  driver d;
  d.accept(event("c", "1"), "b1");
  d.accept(event("c", "2"), "b2");
  EXPECT_THAT(d.work().acks, ElementsAre("b1"));
  auto step = d.restart(); // before b2 was written
  ASSERT_THAT(ids(step), ElementsAre(1));
  EXPECT_TRUE(step.deliver[0].redelivered) << "the agent of before may have had it";
  d.accept(event("c", "1"), "b1");
  EXPECT_EQ(d.last, arrival::repeat_open);
  EXPECT_THAT(d.ack(1).acks, IsEmpty()) << "acked before";
  d.accept(event("c", "2"), "b2");
  EXPECT_EQ(d.last, arrival::fresh);
  step = d.sync();
  ASSERT_THAT(ids(step), ElementsAre(2));
  EXPECT_FALSE(step.deliver[0].redelivered);
}

TEST(InboxDurable, F22_ARepeatOfASettledEventIsKnownAfterARestart) {
  driver d;
  d.accept(event("c", "1"), "b1");
  d.sync();
  d.ack(1);
  d.sync();
  d.restart();
  auto step = d.accept(event("c", "1"), "b9");
  EXPECT_EQ(d.last, arrival::repeat_settled);
  EXPECT_THAT(step.acks, ElementsAre("b9"));
}

TEST(InboxDurable, F25_ARepeatOfAnEventThatIsBeingWrittenWaitsForTheDiskToo) {
  driver d;
  d.accept(event("c", "1"), "b1");
  EXPECT_THAT(d.accept(event("c", "1"), "b2").acks, IsEmpty());
  EXPECT_EQ(d.last, arrival::repeat_open);
  EXPECT_THAT(d.work().acks, ElementsAre("b1", "b2"));
  EXPECT_THAT(d.accept(event("c", "1"), "b3").acks, ElementsAre("b3")) << "safe already";
}

TEST(InboxDurable, F28_TheFirstCommittedSnapshotWinsOverARestart) {
  driver d;
  d.accept(event("c", "1", "first"), "b1");
  d.sync();
  d.restart();
  d.accept(event("c", "1", "second"), "b1");
  auto step = d.returned(1);
  ASSERT_THAT(ids(step), ElementsAre(1));
  EXPECT_EQ(step.deliver[0].event->text, "first");
}

TEST(InboxDurable, F32_ADroppedEventIsAckedOnlyOnceItsEndIsOnDisk) {
  driver d;
  auto step = d.run([&](auto& out) { d.box.consume(*event("c", "1"), "b1", d.now, out); });
  EXPECT_THAT(step.acks, IsEmpty());
  EXPECT_THAT(d.work().acks, ElementsAre("b1"));
  d.restart();
  d.accept(event("c", "1"), "b1");
  EXPECT_EQ(d.last, arrival::repeat_settled);
}

TEST(InboxDurable, AnAckOfADeliveryOfBeforeCounts) {
  driver d;
  d.accept(event("c", "1"));
  d.accept(event("c", "2"));
  d.sync();
  d.restart();
  EXPECT_THAT(ids(d.ack(1)), IsEmpty()) << "the next one's attempt is not on disk yet";
  EXPECT_TRUE(d.known);
  EXPECT_THAT(ids(d.sync()), ElementsAre(2));
}

TEST(InboxDurable, TriesAreCountedOverARestart) {
  auto rules = durable();
  rules.max_deliveries = 3;
  driver d{rules};
  d.accept(event("c", "1"));
  d.sync();
  d.returned(1);
  d.returned(1);
  d.sync();
  d.restart();
  EXPECT_EQ(d.store.dead.size(), 1U) << "two agents died of it, and the process";
  EXPECT_EQ(d.box.dead_letters(), 1U);
}

// -- processes that die -------------------------------------------------------------------------------

TEST(InboxDurable, AnEventThatKillsEveryProcessIsSetAsideAfterAsManyAsItMayHave) {
  driver d; // five deliveries
  d.accept(event("c", "1"));
  d.sync();
  int lives = 1;
  while (d.store.dead.empty() && lives < 20) {
    d.restart();
    ++lives;
  }
  EXPECT_EQ(lives, 6) << "five of them died of it, the first one included";
  EXPECT_EQ(d.box.pending(), 0U);
}

TEST(InboxDurable, EachAttemptIsOnDiskBeforeTheEventIsOut) {
  driver d;
  d.accept(event("c", "1"));
  d.sync();
  for (int life = 1; life < 5; ++life) {
    d.store.crash();
    d.box = inbox{d.rules};
    auto image = d.store.image();
    d.run([&](auto& out) { d.box.restore(image, d.now, out, [](auto&) { return false; }); });
    EXPECT_THAT(ids(d.presence(true)), IsEmpty()) << "nothing of this life is on disk yet";
    EXPECT_THAT(ids(d.sync()), ElementsAre(1));
    EXPECT_EQ(without_suspicion(d.store.rows.at(1).what.attempts), static_cast<std::uint32_t>(life + 1));
  }
}

TEST(InboxDurable, OfSeveralThatWereOutTheOneThatKillsIsFoundAndSetAsideAlone) {
  driver d;
  for (auto chat : {"a", "b", "c"}) d.accept(event(chat, "1"));
  d.sync(); // the first one kills
  int lives = 1;
  for (; lives < 20; ++lives) {
    d.restart();
    if (!d.store.dead.empty()) break;
    for (auto out = d.box.given_out(); !out.empty() && out.front() != 1; out = d.box.given_out()) {
      EXPECT_EQ(out.size(), 1U) << "suspects are given out one at a time";
      d.ack(out.front());
      d.sync();
    }
    d.accept(event("new" + std::to_string(lives), "1")); // beside it, one that nobody suspects
    d.sync();
  }
  EXPECT_LE(lives, 8);
  ASSERT_EQ(d.store.dead.size(), 1U);
  EXPECT_EQ(d.store.dead.begin()->first, 1U);
}

TEST(InboxDurable, WhatIsOutAtAnOrderlyEndIsNoSuspect) {
  driver d;
  for (int life = 0; life < 10; ++life) {
    if (life == 0) d.accept(event("c", "1"));
    d.sync();
    d.run([&](auto& out) { d.box.stopping(out); });
    d.sync();
    d.restart();
    EXPECT_EQ(d.box.suspected(), 0U);
  }
  EXPECT_TRUE(d.store.dead.empty());
  EXPECT_EQ(d.box.pending(), 1U);
}

TEST(InboxDurable, AnEventThatWaitedBehindAnotherOneIsNoSuspect) {
  driver d;
  d.accept(event("c", "1"));
  d.accept(event("c", "2"));
  d.sync();
  EXPECT_THAT(ids(d.restart()), ElementsAre(1));
  EXPECT_EQ(d.box.suspected(), 1U);
  d.ack(1);
  EXPECT_THAT(ids(d.sync()), ElementsAre(2));
  EXPECT_EQ(d.box.suspected(), 0U);
}

} // namespace inbox_durable_test
} // namespace relay::core
