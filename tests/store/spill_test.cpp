// What memory has no room for: guarded by its keys, taken back in order, found again after a restart.
#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/tests/store/rig.hpp"

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
  auto got = recall(*store, "odd", 2);
  EXPECT_EQ(got.session, "odd");
  EXPECT_EQ(seqs(got), (numbers{1, 3}));
  EXPECT_EQ(got.events[0], taken(1, {"k1"}, "odd"));
  EXPECT_EQ(got.left, 1U);
  // Further ones come meanwhile, and the number stays right.
  put(*store, {event_taken{taken(9, {}, "odd"), true}});
  got = recall(*store, "odd", 1);
  EXPECT_EQ(seqs(got), (numbers{5}));
  EXPECT_EQ(got.left, 1U);
  got = recall(*store, "odd", 5);
  EXPECT_EQ(seqs(got), (numbers{9}));
  EXPECT_EQ(got.left, 0U);
  EXPECT_TRUE(recall(*store, "another", 5).events.empty());
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
  EXPECT_EQ(seqs(recall(*store, "c1", 10)), (numbers{1, 3, 5, 6}));
  store.reset();
  EXPECT_EQ(open()->facts().at("k"), "v");
}

// Of another session's name, so that it does not wait on disk itself.
TEST_F(store_spill, ARepeatOfASpilledEventThatIsToBeComparedIsRefusedThoughItIsNotSpilled) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba", "ma"}), true}});
  const auto compared = [](std::uint64_t seq, std::vector<std::string> keys) {
    event_taken out{taken(seq, std::move(keys), "c2")};
    out.compared = true;
    return out;
  };
  EXPECT_EQ(put(*store, {compared(2, {"ba", "ma"}), compared(3, {"bb", "mb"})}).refused, (numbers{2}));
  const auto open_now = way_in(*store).open;
  ASSERT_EQ(open_now.size(), 1U);
  EXPECT_EQ(open_now.front().seq, 3U);
  EXPECT_TRUE(put(*store, {compared(4, {"mb"})}).refused.empty()) << "what is in memory, the gateway knows";
}

TEST_F(store_spill, KeysStayGuardedUntilTheRecalledEventIsSettledOrDead) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba"}), true}, event_taken{taken(2, {"bb"}), true}});
  recall(*store, "c1", 10);
  EXPECT_EQ(put(*store, {event_taken{taken(3, {"ba"}), true}}).refused, (numbers{3}));
  store.reset();
  store = open();
  EXPECT_EQ(put(*store, {event_taken{taken(4, {"bb"}), true}}).refused, (numbers{4}));
  put(*store, {event_settled{1, {"ba"}}, event_dead{2, event("x"), 5, {"bb"}}});
  // From now on they are among the settled keys, which are the gateway's to know.
  EXPECT_TRUE(put(*store, {event_taken{taken(5, {"ba"}), true}, event_taken{taken(6, {"bb"}), true}})
                  .refused.empty());
}

/// A version of the message `m`.
event_taken version(std::uint64_t seq, const std::string& text, bool edit, std::uint64_t repeat_of = 0,
                    std::uint64_t differs_from = 0) {
  inbound_event x = *event(text);
  x.message_id = "m";
  x.source.message_is_edit = edit;
  auto keys = core::keys_of(x, {});
  return {{seq, event_ref{std::move(x)}, std::move(keys), 0, "c1"}, true, repeat_of, differs_from};
}

TEST_F(store_spill, OfAMessageTheLatestVersionIsGuarded) {
  auto store = open();
  auto receipt = put(*store, {version(1, "go", false), version(2, "stop", true), version(3, "stop", true),
                              version(4, "go", true), version(5, "go", true), version(6, "stop", true),
                              version(7, "go", false)});
  EXPECT_EQ(receipt.refused, (numbers{3, 5, 7}));
  store.reset();
  store = open();
  EXPECT_EQ(seqs(recall(*store, "c1", 3)), (numbers{1, 2, 4}));
  EXPECT_EQ(put(*store, {version(8, "stop", true), version(9, "go", true)}).refused, (numbers{8}));
}

TEST_F(store_spill, AnEditBackIsNewsWhenMemoryKnowsAnotherVersionInBetween) {
  auto store = open();
  put(*store, {version(1, "go", false)});
  EXPECT_TRUE(put(*store, {version(3, "go", true, 0, 2)}).refused.empty())
      << "2 said \"stop\", in memory alone";
  EXPECT_EQ(put(*store, {version(4, "go", true)}).refused, (numbers{4})) << "as 3 says";
  EXPECT_EQ(put(*store, {version(6, "go", true, 0, 2)}).refused, (numbers{6})) << "3 came after 2";
}

TEST_F(store_spill, WhatRepeatsARememberedVersionIsNewsWhenALaterOneIsGuarded) {
  auto store = open();
  EXPECT_EQ(put(*store, {version(5, "go", true, 3)}).refused, (numbers{5})) << "nothing later is here";
  put(*store, {version(6, "stop", true)});
  EXPECT_EQ(put(*store, {version(7, "go", true, 3), version(8, "go", true, 3)}).refused, (numbers{8}));
  EXPECT_EQ(put(*store, {version(9, "stop", true, 10)}).refused, (numbers{9})) << "memory's is the later one";
}

TEST_F(store_spill, AFurtherKeyOfASpilledEventIsGuardedToo) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"ba"}), true}, event_keyed{1, {"ba", "bz"}}});
  EXPECT_EQ(put(*store, {event_taken{taken(2, {"bz"}), true}}).refused, (numbers{2}));
  auto got = recall(*store, "c1", 1);
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

TEST_F(store_spill, AScanTellsSessionsPageByPage) {
  auto store = open();
  for (std::uint64_t seq = 1; seq <= 5; ++seq)
    put(*store, {event_taken{taken(seq, {}, "c" + std::to_string(seq)), seq != 3}});
  auto page = scan(*store, 0, 2);
  ASSERT_EQ(page.events.size(), 2U);
  EXPECT_EQ(page.events[1].seq, 2U);
  EXPECT_EQ(page.events[1].session, "c2");
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
