// The way in with a disk: claim, commit, ack, hand out, settle; spilling; coming back after a crash.
#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace inbox_durable_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

event_ref event(const std::string& chat, const std::string& message, const std::string& text = "hello") {
  inbound_event x;
  x.source.platform = "p";
  x.source.chat_id = chat;
  x.message_id = message;
  x.text = text;
  return event_ref{std::move(x)};
}

/// A line that nobody could read.
event_ref unreadable(const std::string& text) {
  inbound_event x;
  x.text = text;
  x.unreadable = true;
  return event_ref{std::move(x)};
}

/// A disk in a few lines: what was committed is there, in the order of the calls; nothing is done before
/// work().
class disk {
public:
  void submit(const inbox_step& step) {
    if (!step.records.empty()) queue_.push_back({step.records, step.upto, {}, 0, {}});
    for (auto& [session, n] : step.wishes.recalls) queue_.push_back({{}, 0, session, n, {}});
    if (step.wishes.scan) queue_.push_back({{}, 0, {}, 0, step.wishes.scan});
  }
  bool busy() const { return !queue_.empty(); }
  /// Does the oldest thing that waits; what the inbox says to the answer is in `out`.
  void work(inbox& box, instant now, inbox_step& out) {
    auto x = std::move(queue_.front());
    queue_.pop_front();
    for (auto& r : x.records) write(r);
    if (x.upto > 0) {
      box.stored(x.upto, now, out);
    } else if (x.recall > 0) {
      recalled_events back{x.session, {}, 0};
      for (auto& [seq, row] : rows) {
        if (row.settled || !row.spilled || row.what.session != x.session) continue;
        if (back.events.size() < x.recall) {
          row.spilled = false;
          back.events.push_back(row.what);
        } else {
          ++back.left;
        }
      }
      box.recalled(back, now, out, [](auto&) { return false; });
    } else if (x.scan) {
      spill_page page;
      page.end = true;
      for (auto& [seq, row] : rows) {
        if (row.settled || !row.spilled || seq <= *x.scan) continue;
        if (page.events.size() == 2) {
          page.end = false;
          break;
        }
        page.events.push_back({seq, row.what.session});
      }
      box.scanned(page, out);
    }
  }
  /// The process dies: what was not done never will be.
  void crash() { queue_.clear(); }
  inbound_image image() const {
    inbound_image out;
    out.last_seq = last_seq;
    out.dead = dead.size();
    for (auto& [seq, x] : dead)
      if (x.event->unreadable) out.unreadable.push_back(seq);
    for (auto& [seq, row] : rows) {
      if (row.settled) {
        for (auto& key : row.what.keys) out.settled.push_back({key, 0, seq});
      } else if (row.spilled) {
        ++out.spilled;
      } else {
        out.open.push_back(row.what);
      }
    }
    return out;
  }
  struct kept {
    stored_event what;
    bool spilled = false, settled = false;
  };
  std::map<std::uint64_t, kept> rows;
  std::map<std::uint64_t, event_dead> dead;
  std::set<std::pair<std::string, std::uint64_t>> guards; ///< keys of spilled events, and whose
  std::vector<std::uint64_t> refused;
  std::uint64_t last_seq = 0;

private:
  struct job {
    std::vector<store_record> records;
    std::uint64_t upto = 0;
    std::string session;
    std::size_t recall = 0;
    std::optional<std::uint64_t> scan;
  };
  void over(std::uint64_t seq, const std::vector<std::string>& keys) {
    for (auto& key : keys) guards.erase({key, seq});
    rows.at(seq).settled = true;
  }
  bool is_repeat(const event_taken& x) const {
    auto latest = std::max(x.repeat_of, x.differs_from);
    auto same = x.repeat_of != 0;
    for (auto& mine : x.what.keys)
      for (auto& [key, seq] : guards) {
        if (name_of_key(key) != name_of_key(mine)) continue;
        if (!x.what.event->source.message_is_edit || name_of_key(mine) == mine) return true;
        if (seq < latest) continue;
        latest = seq;
        same = version_of_key(key) == version_of_key(mine);
      }
    return same;
  }
  void write(const store_record& r) {
    if (auto* x = std::get_if<event_taken>(&r)) {
      last_seq = std::max(last_seq, x->what.seq);
      if (x->spilled) {
        if (is_repeat(*x)) {
          refused.push_back(x->what.seq);
          return;
        }
        for (auto& key : x->what.keys) guards.insert({key, x->what.seq});
      }
      rows[x->what.seq] = {x->what, x->spilled, false};
    } else if (auto* keyed = std::get_if<event_keyed>(&r)) {
      rows.at(keyed->seq).what.keys = keyed->keys;
    } else if (auto* tried = std::get_if<event_tried>(&r)) {
      rows.at(tried->seq).what.attempts = tried->attempts;
    } else if (auto* settled = std::get_if<event_settled>(&r)) {
      over(settled->seq, settled->keys);
    } else if (auto* gone = std::get_if<event_dead>(&r)) {
      over(gone->seq, gone->keys);
      dead.emplace(gone->seq, *gone);
    } else if (auto* keys = std::get_if<keys_settled>(&r)) {
      last_seq = std::max(last_seq, keys->seq);
      rows[keys->seq] = {{keys->seq, event("", ""), keys->keys, 0}, false, true};
    } else if (auto* buried = std::get_if<dead_gone>(&r)) {
      dead.erase(buried->seq);
    }
  }
  std::deque<job> queue_;
};

inbox_rules durable() {
  inbox_rules x;
  x.durable = true;
  x.dedupe_window = 24h;
  return x;
}

/// One process on a disk.
struct driver {
  explicit driver(inbox_rules r = durable()) : rules(r), box(rules) { presence(true); }
  template <class F>
  inbox_step run(F f) {
    inbox_step out;
    f(out);
    store.submit(out);
    return out;
  }
  inbox_step accept(const event_ref& x, const std::string& buffer_id = {}) {
    return run([&](auto& out) { last = box.accept(x, buffer_id, now, out); });
  }
  inbox_step set_aside(const event_ref& x, const std::string& buffer_id = {}) {
    return run([&](auto& out) { known = box.set_aside(x, buffer_id, now, out); });
  }
  inbox_step ack(std::uint64_t id) {
    return run([&](auto& out) { known = box.acked(id, now, out); });
  }
  inbox_step returned(std::uint64_t id) {
    return run([&](auto& out) { box.returned(id, now, out); });
  }
  inbox_step presence(bool x) {
    return run([&](auto& out) { box.presence(x, now, out); });
  }
  inbox_step work() {
    return run([&](auto& out) { store.work(box, now, out); });
  }
  /// Until the disk is idle.
  inbox_step sync() {
    inbox_step all;
    while (store.busy()) {
      auto step = work();
      std::move(step.deliver.begin(), step.deliver.end(), std::back_inserter(all.deliver));
      std::move(step.acks.begin(), step.acks.end(), std::back_inserter(all.acks));
      std::move(step.dead.begin(), step.dead.end(), std::back_inserter(all.dead));
    }
    return all;
  }
  /// kill -9 and a new process.
  inbox_step restart() {
    store.crash();
    box = inbox{rules};
    auto image = store.image();
    run([&](auto& out) { box.restore(image, now, out, [](auto&) { return false; }); });
    presence(true);
    return sync(); // what was out is given out once its next attempt is on disk
  }
  inbox_rules rules;
  inbox box;
  disk store;
  instant now{1h};
  arrival last = arrival::fresh;
  bool known = false;
};

std::vector<std::uint64_t> ids(const inbox_step& x) {
  std::vector<std::uint64_t> out;
  for (auto& y : x.deliver) out.push_back(y.id);
  return out;
}

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
  EXPECT_EQ(d.box.room(), backpressure::full);
  EXPECT_EQ(d.box.room(0, 100'000), backpressure::hard) << "those outside count as well";
  d.sync();
  EXPECT_EQ(d.box.room(), backpressure::open);
}

TEST(InboxDurable, SettledKeysAreBoundedInBytes) {
  auto rules = durable();
  rules.dedupe_bytes = 50'000;
  driver d{rules};
  for (int i = 0; i < 200; ++i) {
    d.accept(event("c" + std::string(500, 'x'), std::to_string(i)), "b" + std::to_string(i));
    d.sync();
    d.ack(static_cast<std::uint64_t>(i + 1));
  }
  EXPECT_LE(d.box.remembered_bytes(), 50'000U);
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
  auto letter = d.store.dead.at(1);
  d.run([&](auto& out) { d.box.retry_dead_letter({1, {}, letter.event, 1, 0}, d.now, out); });
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
  auto letter = d.store.dead.at(1);
  d.accept(event("c", "2"));
  d.sync();
  d.run([&](auto& out) { d.box.retry_dead_letter({1, {}, letter.event, 1, 0}, d.now, out); });
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
  EXPECT_EQ(d.box.room(), backpressure::open);
  d.accept(event("b", "1"));
  EXPECT_EQ(d.box.room(), backpressure::full);
  d.accept(event("c", "1"));
  d.accept(event("d", "1"));
  EXPECT_EQ(d.box.room(), backpressure::hard);
  d.sync();
  EXPECT_EQ(d.box.room(), backpressure::open);
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

event_ref edited(const std::string& text) {
  inbound_event x = *event("c", "m", text);
  x.source.message_is_edit = true;
  return event_ref{std::move(x)};
}

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

// -- model: everything at once, with crashes
// -----------------------------------------------------------------

struct told {
  std::string chat;
  bool given = false, taken = false;
};

RC_GTEST_PROP(InboxDurableProperty, NothingIsLostNothingIsNewTwiceOrderHolds, ()) {
  auto rules = durable();
  rules.chat_in_memory = *rc::gen::inRange<std::size_t>(1, 4);
  rules.max_in_memory = *rc::gen::inRange<std::size_t>(1, 8);
  rules.max_pending = 1'000;
  rules.max_session_queues = *rc::gen::inRange<std::size_t>(1, 5);
  rules.max_deliveries = 1'000;
  driver d{rules};
  std::map<std::string, told> sent;                      // by text, which says the order within its chat
  std::map<std::string, std::vector<std::string>> order; // chat -> texts as sent
  std::map<std::string, std::pair<event_ref, std::string>> buffer; // buffer id -> unacked
  std::map<std::uint64_t, std::string> out;                        // with the agent now
  int count = 0;

  auto look = [&](const inbox_step& step) {
    for (auto& id : step.acks) {
      auto it = buffer.find(id);
      if (it == buffer.end()) continue;
      auto safe = false;
      for (auto& [seq, row] : d.store.rows)
        safe = safe || row.what.event->text == it->second.first->text ||
               (row.settled && sent.at(it->second.first->text).taken);
      RC_ASSERT(safe);
      buffer.erase(it);
    }
    for (auto& x : step.deliver) {
      auto& who = sent.at(x.event->text);
      RC_ASSERT(!who.taken || x.redelivered);
      RC_ASSERT(!who.given || x.redelivered);
      for (auto& earlier : order[who.chat]) {
        if (earlier == x.event->text) break;
        RC_ASSERT(sent.at(earlier).taken);
      }
      who.given = true;
      out[x.id] = x.event->text;
    }
  };
  auto replay = [&] {
    for (auto& [id, x] : std::map{buffer}) look(d.accept(x.first, id));
  };
  auto take = [&](std::uint64_t id) {
    sent.at(out.at(id)).taken = true;
    out.erase(id);
    look(d.ack(id));
  };

  auto steps = *rc::gen::inRange(1, 150);
  for (int i = 0; i < steps; ++i) {
    auto what = *rc::gen::weightedElement<int>({{12, 0}, {8, 1}, {6, 2}, {1, 3}, {2, 4}, {1, 5}});
    if (what == 0) {
      auto n = ++count;
      auto chat = std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 7)));
      auto text = std::to_string(n);
      sent[text].chat = chat;
      order[chat].push_back(text);
      // Numbers with leading zeros, so that a map replays in order.
      auto id = "b" + std::string(6 - text.size(), '0') + text;
      auto x = event(chat, text, text);
      buffer[id] = {x, id};
      look(d.accept(x, id));
    } else if (what == 1 && d.store.busy()) {
      look(d.work());
    } else if (what == 2 && !out.empty()) {
      take(std::next(out.begin(), *rc::gen::inRange<int>(0, static_cast<int>(out.size())))->first);
    } else if (what == 3) {
      out.clear();
      look(d.restart());
      replay();
    } else if (what == 4 && !out.empty()) {
      auto id = out.begin()->first;
      out.erase(id);
      look(d.returned(id));
    } else if (what == 5) {
      replay(); // a reconnect
    }
    RC_ASSERT(d.box.pending() <= rules.max_in_memory + rules.max_session_queues + d.box.unstored() + 8);
  }
  // No more faults: everything must come.
  for (int i = 0; i < 10'000 && (d.store.busy() || !out.empty()); ++i) {
    if (d.store.busy())
      look(d.work());
    else
      take(out.begin()->first);
  }
  replay();
  for (int i = 0; i < 10'000 && (d.store.busy() || !out.empty()); ++i) {
    if (d.store.busy())
      look(d.work());
    else
      take(out.begin()->first);
  }
  for (auto& [text, x] : sent) RC_ASSERT(x.taken);
  RC_ASSERT(buffer.empty());
  RC_ASSERT(d.box.pending() == 0U);
}

} // namespace inbox_durable_test
} // namespace relay::core
