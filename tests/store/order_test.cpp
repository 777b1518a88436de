// The order of call-backs, what shares a commit, and how long things are remembered.
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/store/retention.hpp"
#include "relay_gateway/tests/store/rig.hpp"

#include <condition_variable>
#include <thread>

namespace relay::testing {
namespace {

using store_order = store_rig;

/// A gate that call-backs pass only when the test lets them.
class gate {
public:
  void wait() {
    std::unique_lock held{lock_};
    ++waiting_;
    changed_.notify_all();
    changed_.wait(held, [this] { return open_; });
  }
  void until_somebody_waits() {
    std::unique_lock held{lock_};
    changed_.wait(held, [this] { return waiting_ > 0; });
  }
  void open() {
    std::lock_guard guard{lock_};
    open_ = true;
    changed_.notify_all();
  }

private:
  std::mutex lock_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

TEST_F(store_order, CallBacksComeInTheOrderOfTheCallsAndSeeWhatWasBefore) {
  auto store = open();
  std::mutex lock;
  std::vector<std::string> order;
  auto say = [&](std::string what) {
    std::lock_guard guard{lock};
    order.push_back(std::move(what));
  };
  store->commit({event_taken{taken(1), false}}, [&](auto) { say("commit 1"); });
  store->load_inbound([&](auto x) { say("load " + std::to_string(x.open.size())); });
  store->commit({event_taken{taken(2, {}, "c2"), true}}, nullptr);
  store->recall("c2", 5, [&](auto x) { say("recall " + std::to_string(x.events.size())); });
  store->commit({event_dead{2, event("x"), 1, {}}}, [&](auto) { say("commit 3"); });
  store->scan(0, 5, [&](auto x) { say("scan " + std::to_string(x.events.size())); });
  store->dead_letters(0, 5, [&](auto x) { say("dead " + std::to_string(x.size())); });
  store->load_outbound([&](auto x) { say("turns " + std::to_string(x.turns.size())); });
  put(*store, {});
  EXPECT_EQ(order, (std::vector<std::string>{"commit 1", "load 1", "recall 1", "commit 3", "scan 0", "dead 1",
                                             "turns 2"}));
}

TEST_F(store_order, WhatArrivesDuringACommitSharesTheNextOne) {
  auto store = open();
  gate held;
  store->commit({fact{"first", "x"}}, [&](auto) { held.wait(); });
  held.until_somebody_waits();
  auto before = seen->count(counter::store_commits);
  for (std::uint64_t seq = 1; seq <= 1'500; ++seq) store->commit({event_taken{taken(seq), false}}, nullptr);
  held.open();
  put(*store, {});
  EXPECT_EQ(seen->count(counter::store_commits), before + 1);
  EXPECT_EQ(seen->count(counter::store_records), 1'501U);
  EXPECT_EQ(way_in(*store).open.size(), 1'500U);
}

TEST_F(store_order, ACommitIsBounded) {
  auto store = open();
  gate held;
  store->commit({fact{"first", "x"}}, [&](auto) { held.wait(); });
  held.until_somebody_waits();
  auto before = seen->count(counter::store_commits);
  auto large = event(std::string(1 << 20, 'x'));
  for (std::uint64_t seq = 1; seq <= 20; ++seq)
    store->commit({event_taken{{seq, large, {}, 0}, false}}, nullptr);
  for (std::uint64_t seq = 21; seq <= 5'000; ++seq) store->commit({event_taken{taken(seq), false}}, nullptr);
  held.open();
  put(*store, {});
  EXPECT_GE(seen->count(counter::store_commits),
            before + 5); // 20 MiB in pieces of 8, 5,000 in pieces of 2,000
  EXPECT_EQ(way_in(*store).open.size(), 5'000U);
}

TEST_F(store_order, ACallBackMayCallTheStoreAndMayBeTheLastToHoldIt) {
  auto store = open();
  std::promise<void> nested;
  store->commit({fact{"a", "1"}}, [&, weak = std::weak_ptr{store}](auto) {
    if (auto again = weak.lock()) again->commit({fact{"b", "2"}}, [&](auto) { nested.set_value(); });
  });
  ASSERT_EQ(nested.get_future().wait_for(std::chrono::seconds{10}), std::future_status::ready);
  std::promise<void> gone;
  gate held;
  auto mine = std::make_shared<std::shared_ptr<store_port>>(store);
  store->commit({fact{"c", "3"}}, [&, mine](auto) {
    held.wait();
    mine->reset();
    gone.set_value();
  });
  held.until_somebody_waits();
  store.reset();
  held.open();
  gone.get_future().wait();
  // Its thread lets go of the directory soon after.
  std::shared_ptr<store_port> next;
  for (auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
       !next && std::chrono::steady_clock::now() < end; std::this_thread::yield())
    next = open_sqlite_store(options(), fault);
  ASSERT_TRUE(next) << fault.text;
  EXPECT_EQ(next->facts().size(), 3U);
}

TEST_F(store_order, WhatIsQueuedAtTheEndIsWritten) {
  auto store = open();
  gate held;
  std::atomic<int> heard = 0;
  store->commit({fact{"first", "x"}}, [&](auto) { held.wait(); });
  held.until_somebody_waits();
  for (std::uint64_t seq = 1; seq <= 3'000; ++seq)
    store->commit({event_taken{taken(seq), false}}, [&](auto) { ++heard; });
  held.open();
  store.reset();
  EXPECT_EQ(heard, 3'000);
  EXPECT_EQ(way_in(*open()).open.size(), 3'000U);
}

// -- how long things are remembered ------------------------------------------------------------------

TEST_F(store_order, SettledThingsGoByNumber) {
  auto what = options();
  what.dedupe_entries = 100;
  auto store = open(what);
  for (std::uint64_t round = 0; round < 60; ++round) {
    std::vector<store_record> batch;
    for (std::uint64_t i = 1; i <= 100; ++i) {
      auto n = round * 100 + i;
      batch.emplace_back(event_taken{taken(n, {"k" + std::to_string(n)}), false});
      batch.emplace_back(action_taken{action_of(n, "r" + std::to_string(n))});
      if (n % 1'000 == 7) continue; // stays open
      batch.emplace_back(event_settled{n, {}});
      batch.emplace_back(action_settled{n, "r" + std::to_string(n), action_result::success()});
    }
    wall += 500;
    put(*store, std::move(batch));
  }
  for (int i = 0; i < 3; ++i) {
    wall += 1'100;
    put(*store, {fact{"tick", std::to_string(i)}});
  }
  auto in = way_in(*store);
  ASSERT_EQ(in.settled.size(), 100U);
  EXPECT_EQ(in.settled.front().key, "k5901");
  EXPECT_EQ(in.settled.back().key, "k6000");
  EXPECT_EQ(in.open.size(), 6U);
  auto out = way_out(*store);
  ASSERT_EQ(out.settled.size(), 100U);
  EXPECT_EQ(out.settled.front().request_id, "r5901");
  EXPECT_EQ(out.open.size(), 6U);
  EXPECT_EQ(out.turns.size(), 106U);
}

TEST_F(store_order, OneCommitForgetsNoMoreThanAFew) {
  auto what = options();
  what.dedupe_window = std::chrono::milliseconds{10'000};
  auto store = open(what);
  constexpr std::uint64_t all = 12'000;
  std::vector<store_record> batch;
  for (std::uint64_t n = 1; n <= all; ++n) batch.emplace_back(keys_settled{n, {"k" + std::to_string(n)}});
  put(*store, std::move(batch));
  wall += 20'000;
  put(*store, {fact{"a", "b"}});
  store.reset();
  what.dedupe_window = std::chrono::milliseconds{1'000'000}; // so that all that is left is seen
  store = open(what);
  const auto left = way_in(*store).settled.size();
  EXPECT_LT(left, all);
  EXPECT_GT(left, all / 2) << "what waits for that commit would wait for all of it";
}

TEST_F(store_order, SettledThingsGoByAge) {
  auto what = options();
  what.dedupe_window = std::chrono::milliseconds{10'000};
  auto store = open(what);
  put(*store,
      {event_taken{taken(1, {"old"}), false}, event_taken{taken(2, {"late"}), false}, event_settled{1, {}},
       action_taken{action_of(1, "old")}, action_settled{1, "old", action_result::success()}});
  wall += 9'000;
  put(*store, {event_settled{2, {}}});
  wall += 900;
  EXPECT_EQ(way_in(*store).settled.size(), 2U);
  EXPECT_EQ(way_out(*store).settled.size(), 1U);
  wall += 200;
  ASSERT_EQ(way_in(*store).settled.size(), 1U);
  EXPECT_EQ(way_in(*store).settled[0].key, "late");
  EXPECT_TRUE(way_out(*store).settled.empty());
  EXPECT_EQ(way_out(*store).turns.size(), 1U);
  store.reset();
  what.dedupe_window = std::chrono::milliseconds{1'000'000}; // what is gone from the file does not come back
  store = open(what);
  EXPECT_EQ(way_in(*store).settled.size(), 2U); // nothing was written since, so nothing was trimmed
  wall += 1'000'000;
  put(*store, {fact{"a", "b"}});
  store.reset();
  what.dedupe_window = std::chrono::milliseconds{10'000'000};
  EXPECT_TRUE(way_in(*open(what)).settled.empty());
}

TEST_F(store_order, AClockThatJumpsBackMakesNothingYoungerThanNow) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"a"}), false}, event_settled{1, {}}, action_taken{action_of(1, "r")},
               action_settled{1, "r", action_result::success()}, event_dead{2, event("x"), 1, {}}});
  wall -= 3'600'000;
  EXPECT_EQ(way_in(*store).settled.at(0).age_ms, 0U);
  EXPECT_EQ(way_out(*store).settled.at(0).age_ms, 0U);
  EXPECT_EQ(dead_letters(*store).at(0).age_ms, 0U);
  store.reset();
  // It is remembered for the window from now on, and the rest still goes in its time.
  store = open();
  put(*store, {event_taken{taken(3, {"b"}), false}, event_settled{3, {}}});
  EXPECT_EQ(way_in(*store).settled.size(), 2U);
  wall += 700'000;
  put(*store, {fact{"x", "y"}});
  wall += 3'600'000;
  EXPECT_TRUE(way_in(*store).settled.empty());
}

TEST_F(store_order, AStampOfTheFutureCountsAsOneOfNow) {
  store::retention kept{1'000, 10};
  kept.restore({{900'000, 1}, {100, 2}, {9'000, 3}}, 10'000);
  EXPECT_EQ(kept.overdue(9'900), 1U);
  EXPECT_EQ(kept.overdue(10'500), 2U);
  EXPECT_EQ(kept.leave(11'001, 10), (std::vector<std::uint64_t>{1, 2, 3}));
  kept.rolled_back();
  EXPECT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept.leave(11'001, 2), (std::vector<std::uint64_t>{2, 3}));
  kept.committed();
  EXPECT_EQ(kept.size(), 1U);
}

TEST_F(store_order, RoutesOfChatsAreBoundedByUse) {
  auto what = options();
  what.max_chats = 10;
  auto store = open(what);
  auto chat = [](int n) { return chat_routed{route_seen{{}, {"discord", std::to_string(n)}, {}, ""}}; };
  for (int n = 0; n < 10; ++n) put(*store, {chat(n)});
  wall += 1'100;
  put(*store, {chat(0), chat(100), chat(101)});
  wall += 1'100;
  put(*store, {chat(2)});
  std::string order;
  for (auto& x : way_out(*store).chats) order += x.chat.chat_id + " ";
  EXPECT_EQ(order, "4 5 6 7 8 9 0 100 101 2 ");
}

} // namespace
} // namespace relay::testing
