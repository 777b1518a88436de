// What memory has no room for: guarded by its keys, taken back in order, found again after a restart.
#include "tests/store/rig.hpp"

#include <fstream>
#include <poll.h>

namespace relay::testing {
namespace {

using store_spill = store_rig;
using numbers = std::vector<std::uint64_t>;

numbers seqs(const recalled_events& x) {
  numbers out;
  for (auto& e : x.events) out.push_back(e.seq);
  return out;
}

TEST_F(store_spill, EventsAreTakenBackOldestFirst) {
  auto store = open();
  for (std::uint64_t seq = 1; seq <= 6; ++seq)
    put(*store, {event_taken{taken(seq, {"k" + std::to_string(seq)}, seq % 2 == 0 ? "even" : "odd"), true}});
  EXPECT_EQ(way_in(*store).spilled, 6U);
  EXPECT_TRUE(way_in(*store).open.empty());
  store.reset();
  store = open();
  EXPECT_EQ(way_in(*store).spilled, 6U);
  auto got = recall(*store, {"discord", "odd"}, 2);
  EXPECT_EQ(got.chat, (chat_key{"discord", "odd"}));
  EXPECT_EQ(seqs(got), (numbers{1, 3}));
  EXPECT_EQ(got.events[0], taken(1, {"k1"}, "odd"));
  EXPECT_EQ(got.left, 1U);
  // Further ones come meanwhile, and the number stays right.
  put(*store, {event_taken{taken(9, {}, "odd"), true}});
  got = recall(*store, {"discord", "odd"}, 1);
  EXPECT_EQ(seqs(got), (numbers{5}));
  EXPECT_EQ(got.left, 1U);
  got = recall(*store, {"discord", "odd"}, 5);
  EXPECT_EQ(seqs(got), (numbers{9}));
  EXPECT_EQ(got.left, 0U);
  EXPECT_TRUE(recall(*store, {"telegram", "odd"}, 5).events.empty());
  // What was taken back is open from now on.
  store.reset();
  auto in = way_in(*open());
  EXPECT_EQ(in.spilled, 3U);
  EXPECT_EQ(in.open.size(), 4U);
}

TEST_F(store_spill, F22_ARepeatOfASpilledEventIsRefusedAndNothingElseIs) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba", "ma"}), true}});
  auto receipt =
      put(*store, {event_taken{taken(2, {"bz", "ma"}), true}, event_taken{taken(3, {"bb", "mb"}), true},
                   event_taken{taken(4, {"bb"}), true}, event_taken{taken(5, {}), true},
                   event_taken{taken(6, {}), true}, fact{"k", "v"}});
  EXPECT_EQ(receipt.refused, (numbers{2, 4}));
  EXPECT_EQ(way_in(*store).spilled, 4U);
  EXPECT_EQ(seqs(recall(*store, {"discord", "c1"}, 10)), (numbers{1, 3, 5, 6}));
  store.reset();
  EXPECT_EQ(open()->facts().at("k"), "v");
}

TEST_F(store_spill, KeysStayGuardedUntilTheRecalledEventIsSettledOrDead) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba"}), true}, event_taken{taken(2, {"bb"}), true}});
  recall(*store, {"discord", "c1"}, 10);
  EXPECT_EQ(put(*store, {event_taken{taken(3, {"ba"}), true}}).refused, (numbers{3}));
  store.reset();
  store = open();
  EXPECT_EQ(put(*store, {event_taken{taken(4, {"bb"}), true}}).refused, (numbers{4}));
  put(*store, {event_settled{1, {"ba"}}, event_dead{2, event("x"), 5, {"bb"}}});
  // From now on they are among the settled keys, which are the gateway's to know.
  EXPECT_TRUE(put(*store, {event_taken{taken(5, {"ba"}), true}, event_taken{taken(6, {"bb"}), true}})
                  .refused.empty());
}

TEST_F(store_spill, AFurtherKeyOfASpilledEventIsGuardedToo) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba"}), true}, event_keyed{1, {"ba", "bz"}}});
  EXPECT_EQ(put(*store, {event_taken{taken(2, {"bz"}), true}}).refused, (numbers{2}));
  auto got = recall(*store, {"discord", "c1"}, 1);
  ASSERT_EQ(got.events.size(), 1U);
  EXPECT_EQ(got.events[0].keys, (std::vector<std::string>{"ba", "bz"}));
}

TEST_F(store_spill, SettlingWhatIsOnDiskOnlyEndsIt) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba"}), true}, event_settled{1, {}}});
  EXPECT_EQ(way_in(*store).spilled, 0U);
  ASSERT_EQ(way_in(*store).settled.size(), 1U);
  EXPECT_TRUE(put(*store, {event_taken{taken(2, {"ba"}), true}}).refused.empty());
}

TEST_F(store_spill, AScanTellsChatsPageByPage) {
  auto store = open();
  for (std::uint64_t seq = 1; seq <= 5; ++seq)
    put(*store, {event_taken{taken(seq, {}, "c" + std::to_string(seq)), seq != 3}});
  auto page = scan(*store, 0, 2);
  ASSERT_EQ(page.events.size(), 2U);
  EXPECT_EQ(page.events[1].seq, 2U);
  EXPECT_EQ(page.events[1].chat, (chat_key{"discord", "c2"}));
  EXPECT_FALSE(page.end);
  page = scan(*store, 2, 2);
  ASSERT_EQ(page.events.size(), 2U);
  EXPECT_EQ(page.events[0].seq, 4U);
  EXPECT_TRUE(page.end);
  EXPECT_TRUE(scan(*store, 5, 2).events.empty());
}

std::size_t resident_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stoul(line.substr(6));
  return 0;
}

TEST_F(store_spill, MemoryStaysFlatHoweverManyAreSpilled) {
  auto store = open();
  auto fill = [&](std::uint64_t from, std::uint64_t to) {
    std::vector<store_record> batch;
    for (auto seq = from; seq < to; ++seq) {
      auto number = std::to_string(seq);
      batch.emplace_back(
          event_taken{taken(seq, {"b" + number, "m" + number}, "c" + std::to_string(seq % 997)), true});
      if (batch.size() == 500) put(*store, std::exchange(batch, {}));
    }
  };
  fill(1, 20'001);
  auto before = resident_kib();
  fill(20'001, 60'001);
  EXPECT_EQ(way_in(*store).spilled, 60'000U);
  EXPECT_LT(resident_kib(), before + 24 * 1'024);
}

TEST_F(store_spill, AFileThatABacklogMadeLargeShrinksWhileNobodyWantsAnything) {
  auto what = options();
  what.idle = std::chrono::milliseconds{2};
  auto store = open(what);
  auto large = event(std::string(20'000, 'x'));
  std::vector<store_record> settled;
  for (std::uint64_t seq = 1; seq <= 5'000; ++seq) {
    store->commit({event_taken{{seq, large, {}, 0}, true}}, nullptr);
    settled.emplace_back(event_settled{seq, {}});
  }
  put(*store, {});
  auto size = [&] { return fs::file_size(database()); };
  auto until = [&](auto&& wish) {
    for (auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
         !wish() && std::chrono::steady_clock::now() < end;)
      ::poll(nullptr, 0, 5);
    EXPECT_TRUE(wish()) << size();
  };
  until([&] { return size() > 90'000'000; });
  put(*store, std::move(settled));
  until([&] { return size() < 45'000'000; });
  EXPECT_EQ(way_in(*store).settled.size() + way_in(*store).open.size() + way_in(*store).spilled, 0U);
}

} // namespace
} // namespace relay::testing
