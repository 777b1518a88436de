// The way out with a disk: an action is safe before it is on its way, and what fails stays in its room
// (agent-link.md, Promises).
#include "relay_gateway/tests/actors/egress/outbox_fixture.hpp"

namespace relay::testing {
namespace {

// -- before it is on its way --------------------------------------------------------------------------------

TEST_F(outbox, NothingReachesTheWireBeforeItIsOnDisk) {
  up();
  disk->hold();
  ask(send("r1"));
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(report().egress.pending, 1U);
  disk->release();
  settle();
  EXPECT_EQ(contents(), strings{"x"});
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
}

TEST_F(outbox, TheCommonCaseCostsOneWriteBeforeTheWire) {
  up();
  auto before = disk->commits;
  ask(send("r1"));
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(disk->commits - before, 1U) << "one says that it is there and that it may be out";
  ASSERT_EQ(disk->disk.actions.size(), 1U);
  EXPECT_TRUE(disk->disk.actions.begin()->second.maybe_written);
}

TEST_F(outbox, ABurstSharesItsWrites) {
  up();
  auto before = disk->commits;
  for (int i = 0; i < 50; ++i)
    caf::send_as(agent_handle, agent->host.actions,
                 send("r" + std::to_string(i), "x", "c" + std::to_string(i)));
  settle();
  EXPECT_EQ(sent().size(), 50U);
  EXPECT_LE(disk->commits - before, 2U);
}

TEST_F(outbox, ActionsOfOneChatLeaveInTheOrderGivenAlsoThoseThatAreNotRecorded) {
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord", 2000, R"(["send","typing","get_chat_info"])"));
  settle();
  disk->hold();
  ask(send("r1", "first"));
  auto info = send("r2");
  info.act = wire::get_chat_info("c");
  ask(info);
  ask(send("r3", "third"));
  auto elsewhere = send({});
  elsewhere.act = wire::typing("other");
  ask(elsewhere);
  ASSERT_EQ(sent().size(), 1U) << "another chat does not wait";
  EXPECT_EQ(field(sent()[0], "op"), "typing");
  disk->release();
  settle();
  for (int i = 0; i < 4; ++i) answer_all();
  std::vector<std::string> ops;
  for (auto& x : sent()) ops.push_back(field(x, "op") + field(x, "content"));
  EXPECT_EQ(ops, (strings{"typing", "sendfirst", "get_chat_info", "sendthird"}));
  EXPECT_EQ(agent->outcomes.size(), 4U);
}

TEST_F(outbox, WhatWaitsInItsChatIsMarkedBeforeItGoesOut) {
  up();
  ask(send("r1", "one"));
  auto before = disk->records;
  ask(send("r2", "two"));
  EXPECT_EQ(disk->records - before, 1U);
  ASSERT_EQ(disk->disk.actions.size(), 2U);
  EXPECT_FALSE(disk->disk.actions.rbegin()->second.maybe_written) << "it certainly was not written";
  disk->hold();
  answer_all();
  EXPECT_EQ(contents(), strings{"one"}) << "its mark is not on disk yet";
  disk->release();
  settle();
  EXPECT_EQ(contents(), (strings{"one", "two"}));
}

TEST_F(outbox, WithoutADurableStoreNothingIsWrittenAndNothingWaits) {
  struct no_disk final : store_port {
    std::shared_ptr<store_port> real = make_memory_store();
    std::uint64_t calls = 0;
    bool durable() const noexcept override { return false; }
    std::map<std::string, std::string> facts() const override { return {}; }
    void commit(std::vector<store_record> x, std::function<void(store_receipt)> done) override {
      calls += x.size();
      if (done) done({});
    }
    void load_inbound(std::function<void(inbound_image)>) override { ++calls; }
    void load_outbound(std::function<void(outbound_image)>) override { ++calls; }
    void recall(std::string, std::size_t, std::function<void(recalled_events)>) override { ++calls; }
    void scan(std::uint64_t, std::size_t, std::function<void(spill_page)>) override { ++calls; }
    void dead_letters(std::uint64_t, std::size_t, std::function<void(std::vector<dead_letter>)>) override {
      ++calls;
    }
    void watch(std::function<void(store_health)> told) override {
      if (told) told({});
    }
  };
  auto none = std::make_shared<no_disk>();
  env.store = none;
  up();
  env.link->last().say(event("discord", "c", "hi", "1"));
  settle();
  auto known = none->calls;
  ask(send("r1"));
  answer_all();
  env.link->last().end();
  settle();
  EXPECT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(none->calls, known);
}

// -- a failure stays in its room ---------------------------------------------------------------------------

TEST_F(outbox, F30_ARouterThatIsReplacedSendsWhatWaitedOnceAndNothingTwice) {
  up();
  ask(send("r1", "one"));
  ask(send("r2", "two"));
  ask(send("r3", "three"));
  ASSERT_EQ(contents(), strings{"one"});
  kill_router(); // its frame is still on the connection's list
  ASSERT_EQ(contents(), (strings{"one", "two"}));
  EXPECT_TRUE(disk->disk.actions.begin()->second.maybe_written) << "marked before it went out";
  advance(1s);
  for (int i = 0; i < 4; ++i) answer_all(); // "one" is answered while the new router's "two" is out
  EXPECT_EQ(contents(), (strings{"one", "two", "three"}));
  ask(send("r1", "one"));
  ask(send("r2", "two"));
  ask(send("r3", "three"));
  EXPECT_EQ(sent().size(), 3U);
  ASSERT_EQ(agent->outcomes.size(), 3U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown) << "nobody was there to hear of it";
  EXPECT_EQ(agent->outcomes[1].result.how, outcome::done);
  EXPECT_EQ(agent->outcomes[2].result.how, outcome::done);
}

TEST_F(outbox, F30_AReplacedRouterGetsNothingOutThatIsNotMarked) {
  up();
  ask(send("r1", "one"));
  ask(send("r2", "two"));
  auto old = egress_router_actor{router().self}; // somebody holds on to it
  disk->hold();                                  // the new router knows nothing yet
  kill_router();
  answer_all();
  EXPECT_EQ(contents(), strings{"one"});
  disk->release();
  settle();
  answer_all();
  EXPECT_EQ(contents(), (strings{"one", "two"}));
}

TEST_F(outbox, F30_WhatBecameOfAFrameIsToldToItsOwnRouterOnly) {
  up();
  ask(send("r1", "one"));
  kill_router();
  ask(send("r2", "two")); // the first piece of the first chat, as "one" was
  ASSERT_EQ(contents(), (strings{"one", "two"}));
  agent->outcomes.clear();
  env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent()[0], "requestId") +
                       R"(","result":{"success":true,"message_id":"m0"}})"
                       "\n");
  settle();
  EXPECT_TRUE(agent->outcomes.empty()) << "this was the answer to one";
  answered = 1;
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.message_id, "m1");
}

TEST_F(outbox, F30_AChatEndsWithItsRouterAlsoInTheMiddleOfASplitSend) {
  up();
  ask(send("r1", std::string(3'000, 'a')));
  ASSERT_EQ(sent().size(), 1U);
  kill_router();
  answer_all();
  EXPECT_EQ(sent().size(), 1U) << "its outcome was recorded as unknown: nothing may come behind it";
}

TEST_F(outbox, F29_WhatARouterKnewWhenItDiedIsStillWritten) {
  up();
  ask(send("r1"));
  disk->hold();
  for (int i = 0; i < 64; ++i) // as many writes as may be on their way
    ask(send(std::to_string(i), "x", "chat " + std::to_string(i)));
  answer_all();
  ASSERT_GT(router().outbox.records(), 0U);
  kill_router();
  disk->release();
  settle();
  agent->outcomes.clear();
  ask(send("r1"));
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::done);
}

TEST_F(outbox, WhatIsNotInItsQueueYetOutlivesTheQueue) {
  up();
  ask(send("r1", "one"));
  disk->hold();
  ask(send("r2", "two"));
  break_chat({"discord", "c"});
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
  disk->release();
  settle();
  EXPECT_EQ(contents(), (strings{"one", "two"}));
}

} // namespace
} // namespace relay::testing
