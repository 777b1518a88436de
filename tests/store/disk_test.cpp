// A disk that refuses, and a process that is killed in the middle.
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/store/database.hpp"
#include "relay_gateway/tests/store/small_disk.hpp"

#include <condition_variable>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relay::testing {
namespace {

TEST_F(store_disk, F29_AFullDiskHoldsEverythingBackAndLosesNothing) {
  if (!small_disk("size=1m")) GTEST_SKIP() << "needs a mount namespace";
  auto store = open();
  auto health = watch(*store);
  EXPECT_TRUE(health->until(true).ok); // told at once
  put(*store, {event_taken{taken(1), false}});
  fill_disk();

  std::mutex lock;
  std::vector<std::uint64_t> done;
  constexpr std::uint64_t last = 400;
  for (std::uint64_t seq = 2; seq <= last; ++seq)
    store->commit({event_taken{{seq, event(std::string(600, 'y')), {}, 0}, seq % 3 == 0}}, [&, seq](auto) {
      std::lock_guard guard{lock};
      done.push_back(seq);
    });
  auto why = health->until(false).why;
  EXPECT_NE(why.find("disk is full"), std::string::npos) << why;
  EXPECT_NE(why.find(database()), std::string::npos) << why;
  EXPECT_EQ(why.find('\n'), std::string::npos);
  // Tried again and again, with a pause before each, told once.
  const auto began = std::chrono::steady_clock::now();
  const auto before = seen->count(counter::store_failures, "full");
  while (seen->count(counter::store_failures, "full") < before + 5) ::poll(nullptr, 0, 5);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 4 * options().retry);
  EXPECT_EQ(seen->lines("store.failing").size(), 1U);
  EXPECT_EQ(seen->value(gauge::store_ok), 0);
  {
    std::lock_guard guard{lock};
    EXPECT_LT(done.size(), last - 1);
  }
  make_room();
  health->until(true);
  put(*store, {});
  EXPECT_EQ(seen->lines("store.recovered").size(), 1U);
  EXPECT_EQ(seen->value(gauge::store_ok), 1);
  EXPECT_EQ(health->refusals(), 1U);
  ASSERT_EQ(done.size(), last - 1);
  for (std::uint64_t seq = 2; seq <= last; ++seq) EXPECT_EQ(done[seq - 2], seq);
  store.reset();
  auto in = way_in(*open());
  EXPECT_EQ(in.open.size() + in.spilled, last);
}

TEST_F(store_disk, AStoreThatEndsWhileTheDiskIsFullSaysWhatItLost) {
  if (!small_disk("size=1m")) GTEST_SKIP() << "needs a mount namespace";
  auto store = open();
  auto health = watch(*store);
  put(*store, {event_taken{taken(1), false}});
  fill_disk();
  for (std::uint64_t seq = 2; seq <= 9; ++seq)
    store->commit({event_taken{{seq, event(std::string(60'000, 'y')), {}, 0}, false}, fact{"a", "b"}},
                  nullptr);
  health->until(false);
  auto begun = std::chrono::steady_clock::now();
  store.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{5});
  auto lines = seen->lines("store.unwritten");
  ASSERT_EQ(lines.size(), 1U);
  make_room();
  auto in = way_in(*open());
  auto lost = 2 * (9 - in.open.size());
  EXPECT_NE(lines[0].find("records=" + std::to_string(lost)), std::string::npos) << lines[0];
}

TEST_F(store_disk, AStoreOpensOnAFullDiskAndGoesOnWhenThereIsRoom) {
  if (!small_disk("size=1m")) GTEST_SKIP() << "needs a mount namespace";
  put(*open(), {event_taken{taken(1), false}});
  fill_disk();
  auto store = open();
  ASSERT_TRUE(store) << fault.text;
  EXPECT_EQ(way_in(*store).open.size(), 1U);
  auto health = watch(*store);
  std::promise<void> done;
  store->commit({event_taken{{2, event(std::string(100'000, 'y')), {}, 0}, false}},
                [&](auto) { done.set_value(); });
  health->until(false);
  make_room();
  done.get_future().wait();
  EXPECT_EQ(way_in(*store).open.size(), 2U);
}

TEST_F(store_disk, AFullDiskMakesRoomInItsJournalBeforeAnybodyHearsOfIt) {
  if (!small_disk("size=1m")) GTEST_SKIP() << "needs a mount namespace";
  auto store = open();
  some_journal(*store);
  fill_disk();
  some_journal(*store);
  EXPECT_TRUE(seen->lines("store.failing").empty());
  EXPECT_EQ(seen->count(counter::store_failures, "full"), 0U);
}

TEST_F(store_disk, ADirectoryOnAFullDiskIsNotWritable) {
  if (!small_disk("size=1m")) GTEST_SKIP() << "needs a mount namespace";
  fill_disk();
  EXPECT_FALSE(open(options()));
  EXPECT_EQ(fault.exit_code, 73);
  EXPECT_NE(fault.text.find("full"), std::string::npos) << fault.text;
  make_room();
  EXPECT_TRUE(open());
}

/// Whoever writes beyond this gets an error that is not "full".
struct limited {
  rlimit old{};
  explicit limited(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old);
    auto low = old;
    low.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &low);
  }
  ~limited() { ::setrlimit(RLIMIT_FSIZE, &old); }
};

TEST_F(store_disk, ADiskWithErrorsHoldsEverythingBackAndHeals) {
  auto store = open();
  auto health = watch(*store);
  put(*store, {event_taken{taken(1), false}});
  std::atomic<std::uint64_t> done = 0;
  {
    limited now{150'000};
    for (std::uint64_t seq = 2; seq <= 300; ++seq)
      store->commit({event_taken{{seq, event(std::string(2'000, 'y')), {}, 0}, false}},
                    [&, seq](auto) { EXPECT_EQ(done.exchange(seq), seq == 2 ? 0 : seq - 1); });
    auto why = health->until(false).why;
    EXPECT_NE(why.find("error"), std::string::npos) << why;
    while (seen->count(counter::store_failures, "io") < 3) ::poll(nullptr, 0, 5);
    EXPECT_LT(done, 300U);
  }
  health->until(true);
  put(*store, {});
  EXPECT_EQ(done, 300U);
  EXPECT_EQ(way_in(*store).open.size(), 300U);
  EXPECT_GE(seen->lines("store.failing").size(), 1U); // one for each time that it begins
}

TEST_F(store_disk, AReceiptTellsOfTheAttemptThatReachedTheDisk) {
  auto store = open();
  put(*store, {event_taken{taken(1, {"k"}), true}});
  std::vector<store_record> batch{event_taken{taken(2, {"k"}), true}};
  for (std::uint64_t seq = 3; seq <= 300; ++seq)
    batch.emplace_back(event_taken{{seq, event(std::string(2'000, 'y')), {}, 0}, false});
  std::promise<store_receipt> told;
  {
    limited now{150'000};
    store->commit(std::move(batch), [&](store_receipt x) { told.set_value(std::move(x)); });
    while (seen->count(counter::store_failures, "io") < 3) ::poll(nullptr, 0, 5);
  }
  EXPECT_EQ(told.get_future().get().refused, std::vector<std::uint64_t>{2})
      << "once, however often it was tried";
}

TEST_F(store_disk, F24_ACommitIsNotOverBeforeItIsOnTheDisk) {
  { auto store = open(); }
  auto file = store::reopen_database(database());
  EXPECT_EQ(file->execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ(file->execAndGet("PRAGMA synchronous").getInt(), 2); // FULL: each commit of the journal is synced
}

TEST_F(store_disk, AnotherWatcherTakesTheFirstOnesPlace) {
  auto store = open();
  auto one = std::make_shared<health_log>(), two = std::make_shared<health_log>();
  store->watch([one](auto x) { (*one)(x); });
  store->watch([two](auto x) { (*two)(x); });
  store->watch(nullptr);
  EXPECT_EQ(one->size(), 1U);
  EXPECT_EQ(two->size(), 1U);
}

TEST_F(store_disk, ASmallDiskIsEnoughForALongLife) {
  if (!small_disk("size=2m")) GTEST_SKIP() << "needs a mount namespace";
  auto what = options();
  what.dedupe_entries = 200;
  auto store = open(what);
  for (std::uint64_t seq = 1; seq <= 6'000; seq += 20) {
    std::vector<store_record> batch;
    for (auto n = seq; n < seq + 20; ++n) {
      batch.emplace_back(event_taken{{n, event(std::string(300, 'y')), {"k" + std::to_string(n)}, 0}, false});
      batch.emplace_back(event_settled{n, {}});
    }
    wall += 1'000;
    put(*store, std::move(batch));
  }
  EXPECT_EQ(seen->count(counter::store_failures, "full"), 0U);
  EXPECT_LE(way_in(*store).settled.size(), 400U);
}

// -- kill -9 -----------------------------------------------------------------------------------------------

/// Writes numbered records as fast as it can and tells each number once it is on disk.
[[noreturn]] void write_until_killed(const sqlite_store_options& what, int acks) {
  store_fault why;
  auto store = open_sqlite_store(what, why);
  if (!store) ::_exit(1);
  std::uint64_t first = way_in(*store).last_seq + 1;
  std::mutex lock;
  std::condition_variable changed;
  std::uint64_t open = 0;
  for (auto seq = first;; ++seq) {
    {
      std::unique_lock held{lock};
      changed.wait(held, [&] { return open < 64; });
      ++open;
    }
    // All or none of these: they are one commit.
    std::vector<store_record> batch{event_taken{taken(seq, {"k" + std::to_string(seq)}), false},
                                    action_taken{action_of(seq, "r")}};
    if (seq > 20) {
      batch.emplace_back(event_settled{seq - 20, {}});
      batch.emplace_back(action_settled{seq - 20, "", {}});
    }
    store->commit(std::move(batch), [&, seq](auto) {
      if (::write(acks, &seq, sizeof seq) != sizeof seq) ::_exit(2);
      std::lock_guard guard{lock};
      --open;
      changed.notify_one();
    });
  }
}

TEST_F(store_disk, F24_WhatWasAcknowledgedSurvivesKill9InAnyMoment) {
  std::mt19937_64 rng{20'260'101};
  std::uint64_t acked = 0, stored = 0;
  for (int round = 0; round < 50; ++round) {
    int acks[2];
    ASSERT_EQ(::pipe(acks), 0);
    auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(acks[0]);
      write_until_killed(options(), acks[1]);
    }
    ::close(acks[1]);
    auto wanted = acked + 1 + rng() % 300;
    std::uint64_t number = 0;
    while (acked < wanted && ::read(acks[0], &number, sizeof number) == sizeof number) {
      EXPECT_GT(number, acked);
      acked = number;
    }
    // At a random moment after that one.
    for (auto spins = rng() % 2'000'000; spins > 0; --spins) asm volatile("");
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (::read(acks[0], &number, sizeof number) == sizeof number) acked = number;
    ::close(acks[0]);

    auto store = open();
    ASSERT_TRUE(store);
    auto in = way_in(*store);
    auto out = way_out(*store);
    EXPECT_GE(in.last_seq, acked) << "round " << round;
    EXPECT_GE(in.last_seq, stored);
    EXPECT_EQ(in.last_seq, out.last_token);
    // No gap: what is not settled is open, up to the last one.
    EXPECT_EQ(in.settled.size() + in.open.size(), in.last_seq);
    for (std::size_t i = 0; i < in.open.size(); ++i)
      EXPECT_EQ(in.open[i].seq, in.last_seq - in.open.size() + 1 + i);
    ASSERT_EQ(out.open.size(), in.open.size());
    for (std::size_t i = 0; i < in.open.size(); ++i) {
      EXPECT_EQ(in.open[i], taken(in.open[i].seq, {"k" + std::to_string(in.open[i].seq)}));
      EXPECT_EQ(out.open[i], action_of(in.open[i].seq, "r"));
    }
    stored = in.last_seq;
    acked = stored;
  }
  EXPECT_GT(stored, 1'000U);
}

} // namespace
} // namespace relay::testing
