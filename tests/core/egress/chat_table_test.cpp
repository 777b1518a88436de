// The queues of all chats: a failure stays in its chat, idle chats go, one deadline for all.
#include "relay_gateway/actors/egress/core/chat_table.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <stdexcept>

namespace relay::core {
namespace chat_table_test {

using namespace rig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::vector<std::uint64_t> told(const chat_table_step& x) {
  std::vector<std::uint64_t> out;
  for (auto& y : x.done) out.push_back(y.token);
  return out;
}
std::vector<std::string> said(const chat_table_step& x) {
  std::vector<std::string> out;
  for (auto& y : x.out) out.push_back(y.act.content);
  return out;
}

struct table_driver {
  explicit table_driver(chat_limits limits = {}) : table(limits) {}
  chat_table table;
  instant now = start;

  static chat_key key(const std::string& chat) { return {"p", chat}; }
  template <class F>
  chat_table_step run(F f) {
    chat_table_step out;
    f(out);
    return out;
  }
  chat_table_step push(const std::string& chat, chat_action x) {
    table.activate(key(chat), now);
    return run([&](auto& out) { table.push(key(chat), std::move(x), false, now, out); });
  }
  chat_table_step link(descriptors_ptr x = usual(), bool abandoned = false) {
    return run([&](auto& out) { table.link(x, abandoned, out); });
  }
  chat_table_step settle(const transmit& x, action_result result = ok("m")) {
    return run([&](auto& out) { table.settled({x.piece, std::move(result), true, x.chat}, now, out); });
  }
  chat_table_step expire() {
    return run([&](auto& out) { table.expire(now, out); });
  }
  chat_table_step fail(const std::string& chat) {
    return run([&](auto& out) {
      table.run(
          key(chat), [](chat_queue&, chat_queue_step&) { throw std::runtime_error("broken"); }, out);
    });
  }
};

// -- many chats ---------------------------------------------------------------------------------------------

TEST(ChatTable, EachChatHasAnOrderOfItsOwn) {
  table_driver d;
  d.link();
  auto one = d.push("a", text(1, "a1"));
  EXPECT_THAT(said(one), ElementsAre("a1"));
  EXPECT_THAT(said(d.push("a", text(2, "a2"))), IsEmpty()) << "one at a time";
  auto two = d.push("b", text(3, "b1"));
  EXPECT_THAT(said(two), ElementsAre("b1")) << "another chat does not wait";
  auto step = d.settle(one.out[0]);
  EXPECT_THAT(told(step), ElementsAre(1));
  EXPECT_THAT(said(step), ElementsAre("a2"));
}

TEST(ChatTable, AnAnswerGoesToTheChatThatItIsFor) {
  table_driver d;
  d.link();
  auto a = d.push("a", text(1, "a1")).out.at(0), b = d.push("b", text(2, "b1")).out.at(0);
  ASSERT_EQ(a.piece, b.piece) << "each queue counts its own pieces";
  EXPECT_THAT(told(d.settle(b)), ElementsAre(2));
  EXPECT_THAT(told(d.settle(a)), ElementsAre(1));
}

TEST(ChatTable, ANewConnectionServesAllChats) {
  table_driver d;
  d.push("a", text(1, "a1"));
  d.push("b", text(2, "b1"));
  EXPECT_THAT(said(d.link()), UnorderedElementsAre("a1", "b1"));
  EXPECT_THAT(told(d.link(nullptr, true)), UnorderedElementsAre(1, 2)) << "it died without a word";
}

TEST(ChatTable, OneDeadlineForAll) {
  table_driver d;
  d.push("a", make(1, op::send, "a1", start + 20s));
  d.push("b", make(2, op::send, "b1", start + 10s));
  EXPECT_EQ(d.table.due(), deadline{start + 10s});
  d.now = start + 10s;
  EXPECT_THAT(told(d.expire()), ElementsAre(2));
  EXPECT_EQ(d.table.due(), deadline{start + 20s});
  d.link();
  EXPECT_EQ(d.table.due(), deadline{start + 15min}) << "only a look for idle chats is left";
}

TEST(ChatTable, AfterTheEndEverythingFailsAtOnce) {
  table_driver d;
  d.push("a", text(1, "a1"));
  auto step = d.run([&](auto& out) { d.table.finish(out); });
  EXPECT_THAT(told(step), ElementsAre(1));
  EXPECT_THAT(told(d.push("b", text(2, "b1"))), ElementsAre(2));
}

TEST(ChatTable, AnIntentOnDiskReachesItsQueue) {
  table_driver d;
  d.link();
  auto held = text(1, "a1");
  held.record = action_record::not_written;
  auto step = d.push("a", held);
  ASSERT_THAT(step.intents, SizeIs(1));
  EXPECT_THAT(said(step), IsEmpty());
  auto other = step.intents[0];
  ++other.chat;
  EXPECT_THAT(said(d.run([&](auto& out) { d.table.intent_committed(other, out); })), IsEmpty());
  EXPECT_THAT(said(d.run([&](auto& out) { d.table.intent_committed(step.intents[0], out); })),
              ElementsAre("a1"));
}

// -- what is remembered
// ---------------------------------------------------------------------------------------

chat_action draft(std::uint64_t token, const std::string& turn, std::int64_t id) {
  chat_action x;
  x.token = token;
  x.act = wire::draft("c", id, "so far", false);
  x.where.platform = "p";
  x.hold_until = (start + 30s).time_since_epoch() / 1ns;
  x.turn = turn;
  return x;
}

TEST(ChatTable, WhatChatsRememberIsBoundedInBytesAndTheOldestForget) {
  chat_limits limits;
  limits.remembered_bytes = 20'000;
  table_driver d{limits};
  const std::string turn(500, 't');
  std::uint64_t token = 0;
  const auto says = [&](int chat, std::int64_t id) {
    return told(d.push("c" + std::to_string(chat), draft(++token, turn, id)));
  };
  for (int chat = 0; chat < 1'000; ++chat) {
    says(chat, 1);
    ASSERT_LE(d.table.remembered_bytes(), limits.remembered_bytes);
  }
  EXPECT_GT(d.table.remembered_bytes(), limits.remembered_bytes / 3);
  EXPECT_THAT(says(999, 2), ElementsAre(1'001)) << "the turn has a draft open: refused";
  EXPECT_THAT(says(0, 2), IsEmpty()) << "the oldest has forgotten its turn's";
  d.fail("c999");
  const auto before = d.table.remembered_bytes();
  says(999, 3);
  EXPECT_GT(d.table.remembered_bytes(), before) << "what a dropped queue knew counts no more";
}

TEST(ChatMemory, EachKindIsBoundedInBytesAndEntries) {
  chat_memory x;
  const auto id = [](int n) { return std::to_string(n) + std::string(500, 'i'); };
  for (int n = 0; n < 1'000; ++n) {
    x.open(id(n), id(n));
    x.go_on(id(n), {id(n), id(n + 1)});
    ASSERT_LE(x.bytes(), 2 * chat_memory::most_bytes);
  }
  EXPECT_EQ(x.open_draft(id(0)), nullptr);
  ASSERT_NE(x.open_draft(id(999)), nullptr);
  ASSERT_NE(x.further(id(999)), nullptr);
  EXPECT_THAT(*x.further(id(999)), SizeIs(2));
  x.go_on("long", std::vector<std::string>(1'000, id(1)));
  EXPECT_EQ(x.further("long"), nullptr) << "one that is too long by itself";
  EXPECT_LE(x.bytes(), 2 * chat_memory::most_bytes);
  for (int n = 0; n < 2'000; ++n) x.open(std::to_string(n), "d");
  EXPECT_EQ(x.open_draft("999"), nullptr);
  EXPECT_NE(x.open_draft("1000"), nullptr);
  x.seal("1000");
  EXPECT_EQ(x.open_draft("1000"), nullptr);
  x.forget();
  EXPECT_EQ(x.bytes(), 0U);
}

// -- what can leave at once -----------------------------------------------------------------------------

TEST(ChatTable, AnActionCanLeaveAtOnceWhenItsChatHasNothingAndTheLinkIsUp) {
  table_driver d;
  const auto key = table_driver::key("a");
  d.table.activate(key, start);
  EXPECT_FALSE(d.table.ready(key)) << "no link";
  d.link();
  EXPECT_TRUE(d.table.ready(key));
  d.table.hold(key);
  EXPECT_FALSE(d.table.ready(key)) << "one before it waits for the disk";
  d.table.release(key);
  EXPECT_TRUE(d.table.ready(key));
  auto out = d.push("a", text(1, "a1")).out.at(0);
  EXPECT_FALSE(d.table.ready(key)) << "one before it is out";
  auto wait = action_result::failed("rate_limited", "later");
  wait.retry_after_ms = 1'000;
  d.settle(out, wait);
  EXPECT_FALSE(d.table.ready(key)) << "the chat was told to wait";
}

// -- a chat that fails --------------------------------------------------------------------------------------

TEST(ChatTable, AnExceptionDropsOneQueueAndSettlesItsActionsAsUnknown) {
  table_driver d;
  d.link();
  auto a = d.push("a", text(1, "a1")).out.at(0);
  d.push("a", text(2, "a2"));
  auto b = d.push("b", text(3, "b1")).out.at(0);
  d.push("b", text(4, "b2"));
  auto step = d.fail("a");
  ASSERT_THAT(step.failed, SizeIs(1));
  EXPECT_EQ(step.failed[0].chat, table_driver::key("a"));
  EXPECT_EQ(step.failed[0].what, "broken");
  EXPECT_THAT(told(step), ElementsAre(1, 2));
  for (auto& x : step.done) EXPECT_EQ(x.result.how, outcome::unknown);
  EXPECT_THAT(said(d.settle(b)), ElementsAre("b2")) << "other chats go on";
  auto next = d.push("a", text(5, "a3"));
  EXPECT_THAT(said(next), ElementsAre("a3")) << "and so does this one";
  EXPECT_THAT(told(d.settle(a)), IsEmpty()) << "the dropped queue's answer is nobody's";
  EXPECT_THAT(told(d.settle(next.out[0])), ElementsAre(5));
}

TEST(ChatTable, WhatAStepDidBeforeItThrewIsNotDone) {
  table_driver d;
  d.link();
  d.table.activate(table_driver::key("a"), start);
  auto step = d.run([&](auto& out) {
    d.table.run(
        table_driver::key("a"),
        [](chat_queue& queue, chat_queue_step& one) {
          queue.push(text(1, "a1"), one);
          throw 7;
        },
        out);
  });
  EXPECT_THAT(said(step), IsEmpty());
  ASSERT_THAT(step.failed, SizeIs(1));
  EXPECT_EQ(step.failed[0].what, "unknown exception");
}

TEST(ChatTable, WhatADroppedQueueWaitedForIsForgotten) {
  table_driver d;
  auto held = text(1, "a1");
  held.record = action_record::not_written;
  d.link();
  auto mark = d.push("a", held).intents.at(0);
  d.fail("a");
  EXPECT_EQ(d.table.due(), deadline{start + 15min}) << "no deadline of it is left";
  d.push("a", text(2, "a2"));
  EXPECT_THAT(said(d.run([&](auto& out) { d.table.intent_committed(mark, out); })), IsEmpty());
}

TEST(ChatTable, AnActionThatWaitsForTheDiskOutlivesItsQueue) {
  table_driver d;
  d.link();
  const auto key = table_driver::key("a");
  d.push("a", text(1, "a1"));
  d.table.hold(key);
  EXPECT_THAT(told(d.fail("a")), ElementsAre(1));
  EXPECT_TRUE(d.table.holds(key)) << "what comes next still stays behind it";
  EXPECT_THAT(said(d.run([&](auto& out) { d.table.push(key, text(2, "a2"), true, start, out); })),
              ElementsAre("a2"));
  EXPECT_FALSE(d.table.holds(key));
}

// -- idle chats ---------------------------------------------------------------------------------------------

TEST(ChatTable, AnIdleChatGoesABusyOneStays) {
  table_driver d{{10, 100s}};
  d.link();
  auto a = d.push("a", text(1, "a1")).out.at(0);
  d.push("b", text(2, "b1"));
  d.settle(a);
  for (; d.now < start + 100s; d.now += 50s) d.expire();
  EXPECT_EQ(d.table.size(), 2U);
  d.expire();
  EXPECT_EQ(d.table.size(), 1U);
  EXPECT_TRUE(d.table.contains(table_driver::key("b")));
}

TEST(ChatTable, OneThatWasUsedSinceStays) {
  table_driver d{{10, 100s}};
  d.link();
  d.settle(d.push("a", text(1, "a1")).out.at(0));
  d.now += 60s;
  d.settle(d.push("a", text(2, "a2")).out.at(0));
  d.now += 60s;
  d.expire();
  EXPECT_EQ(d.table.size(), 1U);
}

TEST(ChatTable, BeyondTheBoundChatsGoWhenTheyAreDone) {
  table_driver d{{2, 100s}};
  d.link();
  std::vector<transmit> out;
  for (int i = 0; i < 6; ++i)
    out.push_back(d.push("c" + std::to_string(i), text(static_cast<std::uint64_t>(i) + 1, "x")).out.at(0));
  EXPECT_EQ(d.table.size(), 6U) << "all are busy";
  for (auto& x : out) d.settle(x);
  EXPECT_EQ(d.table.size(), 2U);
  d.push("new", text(9, "x"));
  EXPECT_EQ(d.table.size(), 2U) << "the least recently used one made room";
}

TEST(ChatTable, OfIdleChatsFewStayHoweverManyMayBeBusy) {
  table_driver d{{1'000, 100s, 2}};
  d.link();
  std::vector<transmit> out;
  for (int i = 0; i < 6; ++i)
    out.push_back(d.push("c" + std::to_string(i), text(static_cast<std::uint64_t>(i) + 1, "x")).out.at(0));
  for (auto& x : out) d.settle(x);
  EXPECT_EQ(d.table.size(), 2U);
  EXPECT_TRUE(d.table.contains(table_driver::key("c4")));
  EXPECT_TRUE(d.table.contains(table_driver::key("c5"))) << "the newest stay";
}

TEST(ChatTable, AStepOfAllChatsMayMakeRoomAmongThem) {
  for (int set = 0; set < 50; ++set) { // the order of a walk is not known
    table_driver d{{1'000, 100s, 2}};
    const auto chat = [&](int n) { return std::to_string(set) + "-" + std::to_string(n); };
    d.push(chat(1), text(1, "waits for the link"));
    d.table.activate(table_driver::key(chat(2)), start);
    d.push(chat(3), text(2, "waits for the link"));
    ASSERT_EQ(d.table.size(), 3U);
    const auto step = d.run([&](auto& out) { d.table.finish(out); });
    EXPECT_THAT(told(step), UnorderedElementsAre(1, 2));
    EXPECT_EQ(d.table.size(), 2U);
  }
}

TEST(ChatTable, BeyondTheBoundAChatWhoseActionNeverComesGoes) {
  table_driver d{{1, 100s}};
  for (const auto* chat : {"a", "b"}) {
    d.table.activate(table_driver::key(chat), start);
    d.table.hold(table_driver::key(chat));
  }
  EXPECT_EQ(d.table.size(), 2U);
  d.table.release(table_driver::key("a"));
  EXPECT_EQ(d.table.size(), 1U);
}

// -- model
// ---------------------------------------------------------------------------------------------------

/// The table, its link and its disk, and which actions have no outcome yet.
struct model {
  void look(const chat_table_step& step) {
    for (auto& x : step.out) {
      RC_ASSERT(up);
      wire.emplace_back(x, by_text.at(x.act.content));
    }
    for (auto& x : step.done) {
      RC_ASSERT(done.insert(x.token).second);
      RC_ASSERT(open.erase(x.token) == 1U);
    }
    for (auto& x : step.intents)
      if (x.maybe_written) writing.push_back(x);
  }
  void push(const std::string& chat) {
    auto content = "#" + std::to_string(++token);
    auto x = make(token, op::send, content, d.now + 5s);
    x.record = *rc::gen::arbitrary<bool>() ? action_record::not_written : action_record::none;
    open[token] = chat;
    by_text[content] = token;
    look(d.push(chat, x));
  }
  void answer() {
    if (wire.empty()) return;
    auto at = *rc::gen::inRange<std::size_t>(0, wire.size());
    auto [x, whose] = wire[at];
    wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(at));
    auto step = d.settle(x);
    for (auto& y : step.done) RC_ASSERT(y.token == whose);
    look(step);
  }
  void relink(bool to_up) {
    up = to_up;
    wire.clear();
    look(d.link(up ? usual() : nullptr, true));
  }
  void fail(const std::string& chat) {
    auto step = d.fail(chat);
    for (auto& x : step.done) RC_ASSERT(open.at(x.token) == chat);
    for (auto& [t, whose] : open)
      if (whose == chat)
        RC_ASSERT(
            std::any_of(step.done.begin(), step.done.end(), [&, t = t](auto& x) { return x.token == t; }));
    look(step);
  }
  void write_one() {
    if (writing.empty()) return;
    auto x = writing.front();
    writing.erase(writing.begin());
    look(d.run([&](auto& out) { d.table.intent_committed(x, out); }));
  }
  void pass_time() {
    d.now += milliseconds{*rc::gen::inRange(0, 15'000)};
    look(d.expire());
  }
  void finish() {
    look(d.run([&](auto& out) { d.table.link(nullptr, true, out); }));
    look(d.run([&](auto& out) { d.table.finish(out); }));
    RC_ASSERT(open.empty());
    d.now += 60s;
    d.expire();
    RC_ASSERT(d.table.size() == 0U);
  }

  table_driver d{{*rc::gen::inRange<std::size_t>(1, 5), 20s}};
  std::map<std::uint64_t, std::string> open;            ///< token -> chat
  std::map<std::string, std::uint64_t> by_text;         ///< content -> token
  std::vector<std::pair<transmit, std::uint64_t>> wire; ///< with the token
  std::vector<write_intent> writing;
  std::set<std::uint64_t> done;
  std::uint64_t token = 0;
  bool up = false;
};

/// Whatever chats do and whichever fail: every action has exactly one outcome, and an answer counts for its
/// own.
RC_GTEST_PROP(ChatTableProperty, EveryActionHasOneOutcome, ()) {
  model m;
  auto steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    auto chat = "c" + std::to_string(*rc::gen::inRange(0, 4));
    switch (*rc::gen::weightedElement<int>({{8, 0}, {5, 1}, {2, 2}, {1, 3}, {4, 4}, {2, 5}})) {
    case 0: m.push(chat); break;
    case 1: m.answer(); break;
    case 2: m.relink(*rc::gen::arbitrary<bool>()); break;
    case 3: m.fail(chat); break;
    case 4: m.write_one(); break;
    default: m.pass_time(); break;
    }
  }
  m.finish();
}

} // namespace chat_table_test
} // namespace relay::core
