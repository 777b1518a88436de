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
  EXPECT_EQ(room.take().items.size(), 2U);
  auto last = room.take();
  EXPECT_EQ(last.epoch, 2U);
  EXPECT_EQ(last.items.at(0).event->message_id, "3");
  EXPECT_TRUE(room.empty());
  EXPECT_EQ(room.size(), 0U);
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
  EXPECT_EQ(first.items.at(0).event->message_id, "1");
  EXPECT_EQ(first.items.at(0).buffer_id, "") << "it is taken, and its id is not";
  EXPECT_EQ(first.items.at(1).buffer_id, "b2");
  EXPECT_EQ(room.take().items.at(0).buffer_id, "b1") << "ids of another connector are others";
  EXPECT_EQ(room.add({3, {item_of("9", "b1")}}).size(), 1U) << "the newer one is known to wait";
  auto last = room.take();
  EXPECT_EQ(last.items.at(0).buffer_id, "b1");
  EXPECT_EQ(last.items.at(1).buffer_id, "") << "also within a batch";
  EXPECT_EQ(last.items.at(2).buffer_id, "b3");
  EXPECT_TRUE(room.empty());
}

TEST(AdmissionQueue, WhatIsNotBufferedIsNeverARepeat) {
  admission_queue room;
  room.add({1, {item_of("1", "")}});
  EXPECT_TRUE(room.add({1, {item_of("1", "")}}).empty());
  EXPECT_EQ(room.size(), 2U);
}

} // namespace admission_queue_test
} // namespace relay::core
