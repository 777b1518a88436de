// The tests' own disk does what the store port promises: otherwise nothing that is shown with it counts.
#include "relay_gateway/tests/actors/durable_store.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace relay::testing {
namespace {

struct durable_store_promises : ::testing::Test {
  std::int64_t wall = 1'000'000;
  durable_store store{[this] { return wall; }};

  static stored_event event(std::uint64_t seq, const std::string& chat, std::vector<std::string> keys) {
    inbound_event x;
    x.source.platform = "p";
    x.source.chat_id = chat;
    x.source.user_id = "u" + chat;
    return {seq, event_ref{std::move(x)}, std::move(keys), 0, chat};
  }
  store_receipt commit(std::vector<store_record> batch) {
    store_receipt out;
    store.commit(std::move(batch), [&](store_receipt x) { out = std::move(x); });
    return out;
  }
  inbound_image in() {
    inbound_image out;
    store.load_inbound([&](inbound_image x) { out = std::move(x); });
    return out;
  }
  outbound_image out() {
    outbound_image x;
    store.load_outbound([&](outbound_image y) { x = std::move(y); });
    return x;
  }
};

TEST_F(durable_store_promises, ACrashKeepsWhatWasWrittenAndNothingElse) {
  commit({event_taken{event(1, "a", {"k1"})}, fact{"id", "one"}});
  store.hold();
  int told = 0;
  store.commit({event_settled{1, {}}}, [&](auto) { ++told; });
  store.commit({fact{"id", "two"}}, [&](auto) { ++told; });
  EXPECT_EQ(store.facts().count("id"), 0U) << "as they stood when it was opened";
  store.crash(1);
  store.commit({fact{"id", "said by a dying actor"}}, [&](auto) { ++told; });
  store.reopen();
  EXPECT_EQ(told, 0);
  EXPECT_TRUE(in().open.empty());
  EXPECT_EQ(in().settled.size(), 1U);
  EXPECT_EQ(store.facts().at("id"), "one");
  EXPECT_EQ(in().last_seq, 1U);
}

TEST_F(durable_store_promises, CallsAreDoneInTheirOrder) {
  store.hold();
  std::vector<int> order;
  store.commit({event_taken{event(1, "a", {})}}, [&](auto) { order.push_back(1); });
  store.load_inbound([&](const inbound_image& x) {
    order.push_back(2);
    EXPECT_EQ(x.open.size(), 1U);
  });
  store.commit({event_settled{1, {}}}, [&](auto) { order.push_back(3); });
  EXPECT_TRUE(store.step());
  EXPECT_EQ(order.size(), 1U);
  store.release();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(durable_store_promises, SpilledEventsAreGuardedAgainstTheirRepeatsUntilTheyAreSettled) {
  commit({event_taken{event(1, "a", {"k"}), true}, event_taken{event(2, "a", {"x"}), true}});
  EXPECT_EQ(commit({event_taken{event(3, "a", {"k"}), true}}).refused, (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(in().spilled, 2U);
  recalled_events back;
  store.recall("a", 1, [&](recalled_events x) { back = std::move(x); });
  ASSERT_EQ(back.events.size(), 1U);
  EXPECT_EQ(back.left, 1U);
  EXPECT_EQ(commit({event_taken{event(4, "a", {"k"}), true}}).refused.size(), 1U) << "recalled, not settled";
  store.crash();
  store.reopen();
  ASSERT_EQ(in().open.size(), 1U) << "an agent may have it";
  commit({event_settled{1, {"k"}}});
  EXPECT_TRUE(commit({event_taken{event(5, "a", {"k"}), true}}).refused.empty());
  spill_page page;
  store.scan(0, 1, [&](spill_page x) { page = std::move(x); });
  ASSERT_EQ(page.events.size(), 1U);
  EXPECT_EQ(page.events[0].seq, 2U);
  EXPECT_FALSE(page.end);
}

TEST_F(durable_store_promises, DeadLettersStayAndTheirKeysAreSettled) {
  auto x = event(1, "a", {"k"});
  commit({event_taken{x}, event_dead{1, x.event, 5, {}}});
  wall += 10;
  std::vector<dead_letter> found;
  store.dead_letters(0, 9, [&](auto y) { found = std::move(y); });
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].delivery_id, "d0123abcd-1");
  EXPECT_EQ(found[0].age_ms, 10U);
  EXPECT_EQ(in().settled.size(), 1U);
  commit({dead_gone{1}});
  EXPECT_EQ(in().dead, 0U);
}

TEST_F(durable_store_promises, ActionsEndAsOutcomesAndAreForgottenWithTheWindow) {
  commit({action_taken{{7, {"r", {}, {}, {}, true}, {}, true}}, action_taken{{8, {}, {}, false}}});
  commit({action_marked{7, false}, action_marked{8, true}});
  ASSERT_EQ(out().open.size(), 2U);
  EXPECT_FALSE(out().open[0].maybe_written);
  EXPECT_TRUE(out().open[1].maybe_written);
  commit({action_settled{7, "r", action_result::success()}, action_settled{8, {}, {}}});
  wall += 599'999;
  ASSERT_EQ(out().settled.size(), 1U);
  EXPECT_EQ(out().settled[0].age_ms, 599'999U);
  EXPECT_TRUE(out().open.empty());
  EXPECT_EQ(out().last_token, 8U);
  wall += 1;
  EXPECT_TRUE(out().settled.empty());
}

TEST_F(durable_store_promises, RoutesComeBackPerChatAndPerTurn) {
  commit({event_taken{event(1, "a", {})}, event_taken{event(2, "b", {})}, event_settled{2, {}},
          event_taken{event(3, "c", {}), true}});
  commit({chat_routed{{"gone", {"p", "a"}, {"s", "u", {}}, {}}}, chat_routed{{{}, {"p", "b"}, {}, {}}},
          chat_routed{{{}, {"p", "a"}, {"s2", "u", {}}, {}}}});
  auto x = out();
  ASSERT_EQ(x.chats.size(), 2U);
  EXPECT_EQ(x.chats[0].chat.chat_id, "b");
  EXPECT_EQ(x.chats[1], (route_seen{{}, {"p", "a"}, {"s2", "u", {}}, {}}));
  ASSERT_EQ(x.turns.size(), 2U) << "no agent got the spilled one";
  EXPECT_EQ(x.turns[0].who.user_id, "ua") << "oldest first, as the tables list them, whatever ended";
  EXPECT_EQ(x.turns[1].delivery_id, "d0123abcd-2");
}

TEST_F(durable_store_promises, PromptsKeepWhatIsLeftOfTheirLife) {
  commit({prompt_kept{{"p1", {}, {}, 1000}, 0, true}, prompt_kept{{"p2", {}, {}, 0}, 0, false}});
  wall += 400;
  auto x = in().prompts;
  ASSERT_EQ(x.size(), 2U);
  EXPECT_EQ(x[0].what.lifetime_ms, 600U);
  EXPECT_TRUE(x[0].numbered);
  EXPECT_EQ(x[1].what.lifetime_ms, 0U);
  wall += 600;
  x = in().prompts;
  ASSERT_EQ(x.size(), 2U) << "as the tables list them, expired or not";
  EXPECT_EQ(x[0].what.lifetime_ms, 0U);
  commit({prompt_gone{"p1"}});
  EXPECT_EQ(in().prompts.size(), 1U);
}

TEST_F(durable_store_promises, HealthIsToldAtOnceAndWheneverItChanges) {
  std::vector<bool> told;
  store.watch([&](const store_health& x) { told.push_back(x.ok); });
  store.refuse("disk full");
  bool done = false;
  store.commit({}, [&](auto) { done = true; });
  EXPECT_FALSE(done);
  store.heal();
  EXPECT_TRUE(done);
  EXPECT_EQ(told, (std::vector<bool>{true, false, true}));
}

} // namespace
} // namespace relay::testing
