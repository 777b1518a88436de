// A disk that the store itself fills: it says so while there still is room for what makes room.
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/tests/store/small_disk.hpp"

namespace relay::testing {
namespace {

class scarce_disk : public store_disk {
protected:
  /// Events of 8 KB, some in each commit, until the store wants no more; the number of the last one.
  std::uint64_t backlog(store_port& store, health_log& health) {
    constexpr std::uint64_t each = 8, plenty = 4'000;
    auto last = settled_;
    while (health.last().room && last < settled_ + plenty) {
      std::vector<store_record> batch;
      for (std::uint64_t n = 0; n < each; ++n)
        batch.emplace_back(event_taken{{++last, event(std::string(8'000, 'y')), {}, 0}, true});
      put(store, std::move(batch));
    }
    EXPECT_LT(last, settled_ + plenty);
    return last;
  }
  /// Short events of as many chats, each answered, until the store wants no more; then all are settled. Again
  /// and again, within the time for which they are remembered.
  void fill_and_settle() {
    auto store = open();
    auto health = watch(*store);
    std::uint64_t last = 0;
    constexpr std::uint64_t each = 20, plenty = 100'000;
    auto key = [](std::uint64_t n) { return "message:discord:" + std::to_string(n); };
    for (int round = 0; round < 3; ++round) {
      while (health->last().room && last < plenty) {
        std::vector<store_record> batch;
        for (std::uint64_t n = 0; n < each; ++n) {
          ++last;
          const auto request = "r" + std::to_string(last);
          batch.emplace_back(event_taken{{last, event("short"), {key(last)}, 0, "session"}, last % 2 == 0});
          batch.emplace_back(chat_routed{{{}, {"discord", std::to_string(last)}, {}, {}}});
          batch.emplace_back(action_taken{action_of(last, request)});
          batch.emplace_back(action_settled{last, request, {}});
        }
        put(*store, std::move(batch));
      }
      ASSERT_LT(last, plenty);
      while (settled_ < last) {
        std::vector<store_record> batch;
        for (std::uint64_t n = 0; n < each && settled_ < last; ++n)
          batch.emplace_back(event_settled{++settled_, {}});
        put(*store, std::move(batch));
      }
      EXPECT_TRUE(health->until_room(true).room) << "round " << round;
    }
    EXPECT_EQ(seen->count(counter::store_failures, "full"), 0U);
    // The newest are known all the same.
    auto image = way_in(*store);
    EXPECT_TRUE(
        std::any_of(image.settled.begin(), image.settled.end(), [&](auto& x) { return x.key == key(last); }));
  }
  std::uint64_t settled_ = 0;
};

TEST_F(scarce_disk, ABacklogLeavesRoomForItsOwnEnd) {
  if (!small_disk("size=6m")) GTEST_SKIP() << "needs a mount namespace";
  auto store = open();
  auto health = watch(*store);
  for (int round = 0; round < 3; ++round) {
    auto last = backlog(*store, *health);
    auto now = health->last();
    EXPECT_TRUE(now.ok) << now.why;
    EXPECT_NE(now.why.find("nearly full"), std::string::npos) << now.why;
    EXPECT_EQ(seen->value(gauge::store_ok), 0);
    EXPECT_GT(last, settled_ + 100U);
    // Each is taken back and settled by itself, which is the dearest way, and answered by an action.
    auto all = way_in(*store);
    EXPECT_EQ(all.spilled, last - settled_);
    for (; settled_ < last; ++settled_) {
      auto seq = settled_ + 1;
      put(*store, {action_taken{action_of(seq, "r" + std::to_string(seq))}});
      put(*store, {action_settled{seq, "r" + std::to_string(seq), {}}, event_settled{seq, {}}});
    }
    EXPECT_TRUE(health->until_room(true).ok);
    EXPECT_EQ(seen->value(gauge::store_ok), 1);
    EXPECT_EQ(seen->lines("store.scarce").size(), static_cast<std::size_t>(round) + 1);
    EXPECT_EQ(seen->lines("store.roomy").size(), static_cast<std::size_t>(round) + 1);
  }
  EXPECT_EQ(seen->count(counter::store_failures, "full"), 0U);
}

// What is remembered of short events needs as much room as they did.
TEST_F(scarce_disk, WhatIsSettledKeepsNoRoomOf4MiBThatFurtherEventsNeed) {
  if (!small_disk("size=4m")) GTEST_SKIP() << "needs a mount namespace";
  fill_and_settle();
}

TEST_F(scarce_disk, WhatIsSettledKeepsNoRoomOf8MiBThatFurtherEventsNeed) {
  if (!small_disk("size=8m")) GTEST_SKIP() << "needs a mount namespace";
  fill_and_settle();
}

TEST_F(scarce_disk, AStartOnANearlyFullDiskSaysSoBeforeAnythingComes) {
  if (!small_disk("size=6m")) GTEST_SKIP() << "needs a mount namespace";
  put(*open(), {event_taken{taken(1), false}});
  fill_disk();
  auto store = open();
  ASSERT_TRUE(store) << fault.text;
  EXPECT_FALSE(watch(*store)->until_room(false).room);
}

TEST_F(scarce_disk, RoomThatSomebodyMakesIsSeenWithoutAnyWork) {
  if (!small_disk("size=6m")) GTEST_SKIP() << "needs a mount namespace";
  auto store = open();
  auto health = watch(*store);
  some_journal(*store);
  fill_disk();
  put(*store, {fact{"a", "b"}}); // has its place in the journal, and finds the disk full
  health->until_room(false);
  make_room();
  health->until_room(true);
  EXPECT_EQ(health->refusals(), 0U);
}

TEST_F(scarce_disk, WhatIsTooMuchAtOnceIsWrittenInParts) {
  if (!small_disk("size=4m")) GTEST_SKIP() << "needs a mount namespace";
  auto what = options();
  what.dedupe_entries = 0;
  auto store = open(what);
  constexpr std::uint64_t many = 250;
  std::vector<store_record> over;
  for (std::uint64_t seq = 1; seq <= many; ++seq) {
    put(*store, {event_taken{{seq, event(std::string(8'000, 'y')), {}, 0}, false}});
    over.emplace_back(event_settled{seq, {}});
  }
  put(*store, std::move(over));
  wall += 1'000'000;
  put(*store, {fact{"a", "b"}}); // forgets what is settled: 2 MB of the file hold nothing now
  store.reset();
  store = open(what);
  some_journal(*store);
  fill_disk();
  std::atomic<std::uint64_t> done = 0;
  std::promise<void> all;
  // While the first one is written the others gather.
  for (std::uint64_t seq = many + 1; seq <= 2 * many - 50; ++seq)
    store->commit({event_taken{{seq, event(std::string(8'000, 'y')), {}, 0}, false}}, [&](auto) {
      if (++done == many - 50) all.set_value();
    });
  EXPECT_EQ(all.get_future().wait_for(std::chrono::seconds{20}), std::future_status::ready);
  EXPECT_TRUE(seen->lines("store.failing").empty());
  EXPECT_EQ(way_in(*store).open.size(), many - 50);
}

} // namespace
} // namespace relay::testing
