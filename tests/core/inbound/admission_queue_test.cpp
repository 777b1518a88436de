#include "relay_gateway/actors/inbound/core/admission_queue.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace admission_queue_test {

inbound_item item_of(const std::string& message, const std::string& buffer_id) {
  inbound_event x;
  x.source.platform = "discord";
  x.source.chat_id = "c";
  x.message_id = message;
  return {event_ref{std::move(x)}, buffer_id};
}

TEST(AdmissionQueue, WhatCameFirstLeavesFirst) {
  admission_queue room;
  EXPECT_TRUE(room.empty());
  EXPECT_TRUE(room.add({1, {item_of("1", "b1"), item_of("2", "b2")}}).empty());
  EXPECT_TRUE(room.add({2, {item_of("3", "")}}).empty());
  EXPECT_EQ(room.size(), 3U);
  EXPECT_EQ(room.take().batch.items.size(), 2U);
  auto last = room.take().batch;
  EXPECT_EQ(last.epoch, 2U);
  EXPECT_EQ(last.items.at(0).event->message_id, "3");
  EXPECT_TRUE(room.empty());
  EXPECT_EQ(room.size(), 0U);
}

TEST(AdmissionQueue, ABatchLeavesInPartsOfTheBytesThatAreWanted) {
  admission_queue room;
  room.add({7, {item_of("1", "b1"), item_of("2", "b2"), item_of("3", "b3")}, "origin"});
  const auto one = room.first_bytes();
  EXPECT_EQ(room.bytes(), 3 * one);
  auto first = room.take(2 * one).batch;
  EXPECT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.epoch, 7U);
  EXPECT_EQ(first.origin, "origin");
  EXPECT_EQ(room.size(), 1U);
  EXPECT_EQ(room.bytes(), one);
  EXPECT_EQ(room.take(1).batch.items.at(0).buffer_id, "b3") << "never less than one";
  EXPECT_TRUE(room.empty());
  EXPECT_EQ(room.bytes(), 0U);
}

TEST(AdmissionQueue, AStoreWithLittleRoomGetsAQuarterOfItAtATime) {
  constexpr auto any = std::numeric_limits<std::uint64_t>::max();
  EXPECT_GT(admissible(any, 1UL << 40, 1UL << 40, false), 1UL << 40);
  EXPECT_EQ(admissible(4'000, 0, 100, false), 1'000U);
  EXPECT_EQ(admissible(4'000, 900, 100, false), 100U);
  EXPECT_EQ(admissible(4'000, 901, 100, false), 0U);
  EXPECT_EQ(admissible(4'000, 2'000, 100, true), 0U) << "something is on its way that may make room";
}

TEST(AdmissionQueue, ALargeEventGoesAloneAndOneThatHasNoRoomLast) {
  EXPECT_EQ(admissible(4'000, 0, 3'000, false), 3'000U);
  EXPECT_EQ(admissible(4'000, 1, 3'000, false), 0U);
  EXPECT_EQ(admissible(4'000, 0, 5'000, false), 0U);
  EXPECT_EQ(admissible(4'000, 0, 5'000, true), 5'000U);
}

TEST(AdmissionQueue, AReplayTakesNoRoom) {
  admission_queue room;
  room.add({1, {item_of("1", "b1"), item_of("2", "b2")}});
  for (std::uint64_t link = 2; link < 50; ++link)
    EXPECT_EQ(room.add({link, {item_of("1", "b1"), item_of("2", "b2")}}).size(), 2U);
  EXPECT_EQ(room.size(), 2U);
  (void)room.take();
  EXPECT_TRUE(room.empty());
  EXPECT_TRUE(room.add({50, {item_of("1", "b1")}}).empty()) << "whoever has it now knows repeats by himself";
}

TEST(AdmissionQueue, AnotherBufferIdWantsAnAckOfItsOwn) {
  admission_queue room;
  room.add({1, {item_of("1", "b1")}});
  EXPECT_TRUE(room.add({2, {item_of("1", "b9")}}).empty());
  EXPECT_TRUE(room.add({3, {item_of("2", "b1")}}).empty()) << "numbers that a connector began anew";
  EXPECT_TRUE(room.add({4, {item_of("1", "b1")}, "another connector"}).empty());
  auto other_bot = item_of("1", "b1");
  inbound_event same = *other_bot.event;
  same.source.profile = "work";
  other_bot.event = event_ref{std::move(same)};
  EXPECT_TRUE(room.add({5, {other_bot}}).empty());
  EXPECT_EQ(room.size(), 5U);
}

// Seed 1200000472: a repeat of an older event acknowledged what its id named by then, which was nowhere yet.
TEST(AdmissionQueue, AnIdThatNamesAnotherEventByNowIsNotTheOlderOnesToAcknowledge) {
  admission_queue room;
  room.add({1, {item_of("1", "b1"), item_of("2", "b2")}});
  room.add({1, {item_of("1", "b1")}, "another connector"});
  EXPECT_TRUE(room.add({2, {item_of("9", "b1"), item_of("10", "b3"), item_of("11", "b3")}}).empty());
  auto first = room.take();
  EXPECT_EQ(first.batch.items.at(0).event->message_id, "1");
  EXPECT_EQ(first.batch.items.at(0).buffer_id, "b1") << "what it repeats is known by it";
  EXPECT_TRUE(first.id_reused.at(0)) << "it is taken, and its id acknowledges nothing";
  EXPECT_FALSE(first.id_reused.at(1));
  EXPECT_FALSE(room.take().id_reused.at(0)) << "ids of another connector are others";
  EXPECT_EQ(room.add({3, {item_of("9", "b1")}}).size(), 1U) << "the newer one is known to wait";
  auto last = room.take();
  EXPECT_EQ(last.id_reused, (std::vector<bool>{false, true, false})) << "also within a batch";
  EXPECT_TRUE(room.empty());
}

TEST(AdmissionQueue, AnIdThatComesBackToItsEventIsItsOwnAgain) {
  admission_queue room;
  room.add({1, {item_of("1", "b1")}});
  room.add({2, {item_of("2", "b1")}});
  EXPECT_TRUE(room.add({3, {item_of("1", "b1")}}).empty());
  EXPECT_TRUE(room.take().id_reused.at(0));
  EXPECT_EQ(room.add({4, {item_of("1", "b1")}}).size(), 1U) << "the newest one still waits";
  EXPECT_TRUE(room.take().id_reused.at(0));
  EXPECT_FALSE(room.take().id_reused.at(0));
}

TEST(AdmissionQueue, WhatIsNotBufferedIsNeverARepeat) {
  admission_queue room;
  room.add({1, {item_of("1", "")}});
  EXPECT_TRUE(room.add({1, {item_of("1", "")}}).empty());
  EXPECT_EQ(room.size(), 2U);
}

} // namespace admission_queue_test
} // namespace relay::core
