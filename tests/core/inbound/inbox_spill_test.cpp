// What waits on disk, and comes back in order: bounds, sessions and versions over a restart.
#include "relay_gateway/tests/core/inbound/inbox_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace inbox_spill_test {

using namespace inbox_rig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using driver = durable_driver;

// -- bounds in bytes ----------------------------------------------------------------------------------

event_ref large(const std::string& chat, const std::string& message, std::size_t size) {
  inbound_event x = *event(chat, message);
  x.raw = std::string(size, 'x');
  return event_ref{std::move(x)};
}

TEST(InboxDurable, BeyondTheBytesOfMemoryEventsWaitOnDisk) {
  auto rules = durable();
  rules.max_bytes_in_memory = 4UL << 20;
  driver d{rules};
  constexpr std::size_t size = 500'000; // about a million bytes in memory
  for (int i = 1; i <= 40; ++i) d.accept(large("c" + std::to_string(i), "1", size));
  d.sync();
  EXPECT_LE(d.box.pending_bytes(), rules.max_bytes_in_memory);
  EXPECT_TRUE(d.box.backlog());
  std::set<std::uint64_t> taken;
  for (int rounds = 0; taken.size() < 40 && rounds < 200; ++rounds) {
    for (auto id : d.box.given_out()) {
      d.ack(id);
      taken.insert(id);
    }
    d.sync();
    EXPECT_LE(d.box.pending_bytes(), rules.max_bytes_in_memory + 2 * size);
  }
  EXPECT_EQ(taken.size(), 40U);
  EXPECT_EQ(d.box.pending_bytes(), 0U);
}

TEST(InboxDurable, BytesThatWaitForTheDiskStopTheReader) {
  auto rules = durable();
  rules.max_pending_bytes = 100'000;
  driver d{rules};
  d.accept(large("a", "1", 60'000));
  EXPECT_EQ(d.box.room(), backpressure::soft);
  EXPECT_EQ(d.box.room(0, 100'000), backpressure::hard) << "those that wait for admission count as well";
  d.sync();
  EXPECT_EQ(d.box.room(), backpressure::none);
}

TEST(InboxDurable, SettledKeysAreBoundedInBytes) {
  auto rules = durable();
  rules.dedupe_bytes = 20'000;
  driver d{rules};
  for (int i = 0; i < 200; ++i) {
    d.accept(event("c" + std::string(500, 'x'), std::to_string(i)), "b" + std::to_string(i));
    d.sync();
    d.ack(static_cast<std::uint64_t>(i + 1));
  }
  EXPECT_LE(d.box.remembered_bytes(), 20'000U);
  EXPECT_GT(d.box.remembered(), 10U);
  d.accept(event("c" + std::string(500, 'x'), "199"), "b199");
  EXPECT_EQ(d.last, arrival::repeat_settled) << "the newest are known";
}

TEST(InboxDurable, ADeadLetterIsTriedAgainAsAnEventOfItsOwn) {
  auto rules = durable();
  rules.max_deliveries = 1;
  driver d{rules};
  d.accept(event("c", "1"));
  d.sync();
  d.returned(1);
  d.sync();
  auto dead = d.store.dead.at(1);
  d.run([&](auto& out) { d.box.retry_dead_letter({1, {}, dead.event, 1, 0}, d.now, out); });
  auto step = d.sync();
  ASSERT_THAT(ids(step), ElementsAre(2));
  EXPECT_TRUE(step.deliver[0].redelivered) << "an agent saw it";
  EXPECT_TRUE(d.store.dead.empty());
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::repeat_settled) << "its message stays known";
}

// Seed 266: with a chat full of events it went to disk, and came back as if nobody had ever seen it.
TEST(InboxDurable, ADeadLetterThatHasToWaitOnDiskIsStillMarkedAsARepeat) {
  auto rules = durable();
  rules.max_deliveries = 1;
  rules.chat_in_memory = 1;
  driver d{rules};
  d.accept(event("c", "1"));
  d.sync();
  d.returned(1);
  d.sync();
  auto dead = d.store.dead.at(1);
  d.accept(event("c", "2"));
  d.sync();
  d.run([&](auto& out) { d.box.retry_dead_letter({1, {}, dead.event, 1, 0}, d.now, out); });
  d.sync();
  d.ack(2);
  auto step = d.sync();
  ASSERT_THAT(ids(step), ElementsAre(3));
  EXPECT_TRUE(step.deliver[0].redelivered) << "an agent saw it";
}

// Seed 4098: a repeat that was being written while the disk gave the event back took its keys along.
TEST(InboxDurable, F22_ARepeatThatTheStoreRefusesLeavesTheKeysToTheEventThatComesBack) {
  auto rules = durable();
  rules.chat_in_memory = 1;
  driver d{rules};
  d.accept(event("c", "1"), "b1");
  d.accept(event("c", "2"), "b2");
  d.sync();
  d.ack(1); // the second one is on its way back
  d.accept(event("c", "2"), "b2");
  EXPECT_EQ(d.last, arrival::fresh) << "only the store knows it";
  EXPECT_THAT(ids(d.sync()), ElementsAre(2));
  d.accept(event("c", "2"), "b2");
  EXPECT_EQ(d.last, arrival::repeat_open);
  d.ack(2);
  EXPECT_THAT(ids(d.sync()), IsEmpty());
}

// Seed 5900235922: what a gateway knew of a chat, the next one does not know, and so names another session.
TEST(InboxDurable, F22_ARepeatOfASpilledEventIsRefusedUnderAnotherSessionToo) {
  auto rules = durable();
  rules.chat_in_memory = 1;
  driver d{rules};
  const auto in_a_group = [](const std::string& message) {
    inbound_event x = *event("c", message);
    x.source.chat_type = "group";
    x.source.user_id = "u";
    return event_ref{std::move(x)};
  };
  d.accept(in_a_group("1"), "b1");
  d.accept(in_a_group("2"), "b2");
  d.sync();
  d.restart();
  d.accept(event("c", "2"), "b2");
  d.accept(event("c", "3"), "b3");
  const auto step = d.sync();
  EXPECT_THAT(d.store.refused, ElementsAre(3));
  EXPECT_THAT(ids(step), ElementsAre(4)) << "the refused one holds up nobody";
  EXPECT_EQ(step.acks.size(), 2U) << "both are safe on disk";
  d.ack(1);
  EXPECT_THAT(ids(d.sync()), ElementsAre(2));
  d.ack(2);
  d.accept(event("c", "2"), "b2");
  EXPECT_EQ(d.last, arrival::repeat_settled);
}

TEST(InboxDurable, BeyondTheBoundsOfAChatEventsWaitOnDiskAndComeBackInOrder) {
  auto rules = durable();
  rules.chat_in_memory = 4;
  driver d{rules};
  for (int i = 1; i <= 50; ++i) d.accept(event("c", std::to_string(i)));
  d.sync();
  EXPECT_LE(d.box.pending(), 4U);
  d.accept(event("other", "1"));
  EXPECT_THAT(ids(d.sync()), ElementsAre(51)) << "a stuck chat is nobody else's trouble";
  for (std::uint64_t id = 1; id <= 50; ++id) {
    d.ack(id);
    ASSERT_TRUE(d.known) << id;
    EXPECT_LE(d.box.pending(), 5U);
    d.sync();
  }
  EXPECT_EQ(d.box.pending(), 1U);
  EXPECT_FALSE(d.box.backlog());
}

TEST(InboxDurable, ARepeatOfASpilledEventIsRefusedByTheDiskAndAcked) {
  auto rules = durable();
  rules.chat_in_memory = 1;
  driver d{rules};
  d.accept(event("c", "1"));
  d.accept(event("c", "2"), "b2");
  d.sync();
  d.accept(event("c", "2"), "b2");
  EXPECT_EQ(d.last, arrival::fresh) << "memory does not know it any more";
  EXPECT_THAT(d.sync().acks, ElementsAre("b2"));
  EXPECT_THAT(ids(d.ack(1)), IsEmpty());
  EXPECT_THAT(ids(d.sync()), ElementsAre(2));
  EXPECT_THAT(ids(d.ack(2)), IsEmpty());
  EXPECT_THAT(ids(d.sync()), IsEmpty());
}

TEST(InboxDurable, ASlowDiskStopsTheReaderAFrozenAgentDoesNot) {
  auto rules = durable();
  rules.max_pending = 2;
  driver d{rules};
  d.accept(event("a", "1"));
  EXPECT_EQ(d.box.room(), backpressure::none);
  d.accept(event("b", "1"));
  EXPECT_EQ(d.box.room(), backpressure::soft);
  d.accept(event("c", "1"));
  d.accept(event("d", "1"));
  EXPECT_EQ(d.box.room(), backpressure::hard);
  d.sync();
  EXPECT_EQ(d.box.room(), backpressure::none);
  EXPECT_LE(d.box.pending(), 2U);
}

TEST(InboxDurable, OnceClosedWhatIsInMemoryIsFinishedAndTheDiskKeepsTheRest) {
  auto rules = durable();
  rules.chat_in_memory = 2;
  driver d{rules};
  for (auto id : {"1", "2", "3"}) d.accept(event("c", id));
  d.sync();
  d.box.close();
  EXPECT_THAT(ids(d.ack(1)), ElementsAre(2));
  EXPECT_THAT(ids(d.ack(2)), IsEmpty());
  EXPECT_THAT(ids(d.sync()), IsEmpty());
  EXPECT_EQ(d.box.pending(), 0U);
  EXPECT_THAT(ids(d.restart()), ElementsAre(3));
}

// -- sessions and versions over a restart and over the disk ------------------------------------------------

TEST(InboxDurable, TheLatestVersionIsKnownAfterARestart) {
  driver d;
  for (auto& x : {event("c", "m", "go"), edited("stop"), edited("go")}) {
    d.accept(x);
    d.sync();
  }
  d.ack(1);
  d.ack(2);
  d.sync();
  d.restart();
  d.accept(edited("go"));
  EXPECT_EQ(d.last, arrival::repeat_open);
  d.ack(3);
  d.sync();
  d.restart();
  d.accept(edited("go"));
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.accept(event("c", "m", "go"));
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.accept(edited("stop"));
  EXPECT_EQ(d.last, arrival::fresh);
}

/// What the agent gets of edits that come while it hangs, in a session that keeps `room` events in memory.
std::vector<std::string> seen_of(const std::vector<event_ref>& all, std::size_t room, bool restarts) {
  auto rules = durable();
  rules.chat_in_memory = room;
  driver d{rules};
  std::vector<std::string> seen;
  std::uint64_t out = 0;
  auto look = [&](const inbox_step& step) {
    for (auto& x : step.deliver) {
      if (x.id != out) seen.push_back(x.event->text);
      out = x.id;
    }
  };
  for (auto& x : all) {
    d.accept(x);
    look(d.sync());
  }
  if (restarts) look(d.restart());
  look(d.sync());
  for (int i = 0; i < 20; ++i) {
    look(d.ack(out));
    look(d.sync());
  }
  return seen;
}

TEST(InboxDurable, TheAgentEndsWithWhatIsOnTheScreenHoweverMuchIsOnDisk) {
  const std::vector<event_ref> all{event("c", "m", "go"), edited("stop"),        edited("stop"),
                                   edited("go"),          edited("go"),          edited("stop"),
                                   edited("halt"),        event("c", "m", "go"), edited("stop")};
  for (std::size_t room : {1, 2, 3, 64})
    for (auto restarts : {false, true})
      EXPECT_THAT(seen_of(all, room, restarts), ElementsAre("go", "stop", "go", "stop", "halt", "stop"))
          << room << (restarts ? " with a restart" : "");
}

TEST(InboxDurable, AnEditBackToWhatMemoryKnowsIsNewsWhileALaterOneIsOnDisk) {
  auto rules = durable();
  rules.chat_in_memory = 1;
  driver d{rules};
  d.accept(edited("go"));
  d.sync();
  d.ack(1);
  d.accept(event("c", "other"));
  d.sync(); // the session is full
  d.accept(edited("go"), "b1");
  EXPECT_THAT(d.sync().acks, IsEmpty());
  EXPECT_EQ(d.last, arrival::repeat_settled) << "nothing of the session is on disk";
  d.accept(edited("stop"));
  d.accept(edited("go"), "b2");
  d.accept(edited("go"), "b3");
  d.sync();
  EXPECT_EQ(d.store.refused.size(), 1U) << "the second one repeats the first";
}

TEST(InboxDurable, SessionsAreKeptWithTheirEvents) {
  auto rules = durable();
  rules.chat_in_memory = 1;
  rules.session_of = [](const inbound_event& x) { return x.text; };
  driver d{rules};
  d.accept(event("c", "1", "a"));
  d.accept(event("c", "2", "b"));
  d.accept(event("c", "3", "a"));
  EXPECT_THAT(ids(d.sync()), ElementsAre(1, 2)) << "one chat, two sessions";
  d.rules.session_of = [](const inbound_event&) { return "all the same"; }; // other settings
  auto step = d.restart();
  ASSERT_THAT(ids(step), ElementsAre(1)) << "the process died of one of them";
  EXPECT_EQ(step.deliver[0].session, "a") << "as it was when it was taken";
  d.ack(1);
  step = d.sync();
  ASSERT_THAT(ids(step), ElementsAre(2, 3)) << "still two sessions";
  EXPECT_EQ(step.deliver[0].session, "b");
  EXPECT_EQ(step.deliver[1].session, "a");
}

TEST(InboxDurable, AnOpenEventOfAVersionWithoutSessionsGetsOne) {
  driver d;
  d.accept(event("c", "1"));
  d.sync();
  d.store.rows.at(1).what.session.clear();
  auto step = d.restart();
  ASSERT_THAT(ids(step), ElementsAre(1));
  EXPECT_EQ(step.deliver[0].session, "agent:main:p:dm:c");
}

} // namespace inbox_spill_test
} // namespace relay::core
