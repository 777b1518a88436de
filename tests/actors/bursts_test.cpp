// One message for all that one step brings, and nothing that depends on what travels together.
#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

#include <cstddef>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace relay::testing {
namespace {

/// What an agent that takes bursts got, message by message.
struct burst_script {
  std::vector<std::size_t> deliveries, outcomes; ///< how many each message brought
  std::vector<std::string> texts;
  std::vector<action_outcome> results;
  std::size_t dies_at = 0; ///< of this event in a burst; 0 = of none
  agent_host host;
};
struct burst_script_state {
  static inline const char* name = "agent-bursts";
};

burst_agent_actor::behavior_type run_bursts(burst_agent_actor::stateful_pointer<burst_script_state> self,
                                            std::shared_ptr<burst_script> s) {
  auto take = [s](const delivery& x) { s->texts.push_back(x.event->text); };
  return {
      [s](agent_host& x) { s->host = std::move(x); },
      [](const gateway_announcement&) {},
      [self, s, take](const delivery& x) {
        s->deliveries.push_back(1);
        take(x);
        tell(self, s->host.acks, delivery_ack{x.id});
      },
      [](const delivery_withdrawn&) {},
      [s](const action_outcome& x) {
        s->outcomes.push_back(1);
        s->results.push_back(x);
      },
      [](const turn_interrupt&) {},
      [](atom::finish) {},
      [self, s, take](const burst<delivery>& x) {
        s->deliveries.push_back(x.items.size());
        std::vector<delivery_ack> acks;
        const auto one_by_one = [&] {
          for (const auto& one : x.items) {
            if (acks.size() + 1 == s->dies_at) throw std::runtime_error("an event that kills");
            take(one);
            acks.push_back({one.id});
          }
        };
        flushed(one_by_one, [&] { tell(self, s->host.ack_bursts, burst<delivery_ack>{acks}); });
      },
      [s](const burst<action_outcome>& x) {
        s->outcomes.push_back(x.items.size());
        s->results.insert(s->results.end(), x.items.begin(), x.items.end());
      },
  };
}

/// Parts of this many.
class cut_to final : public burst_port {
public:
  explicit cut_to(std::size_t size) : size_(size) {}
  std::size_t next_size() override { return size_; }

private:
  std::size_t size_;
};

class bursts_test : public gateway_test {
protected:
  std::shared_ptr<burst_script> script = std::make_shared<burst_script>();

  ~bursts_test() override { script->host = {}; }
  void start_bursts() {
    supervisor_setup setup;
    setup.settings = std::make_shared<const config::settings>(settings);
    agent_handle = sys.spawn(run_bursts, script);
    setup.agent = agent_handle;
    setup.agent_name = "embedded";
    root = sys.spawn(supervisor, env.all(), std::move(setup));
    settle();
    handshake();
  }
  /// Events of so many chats, as one read brings them.
  void say_events(std::size_t many, const std::string& prefix = "m") {
    std::string read;
    for (std::size_t i = 1; i <= many; ++i) {
      const auto n = std::to_string(i);
      read += event("discord", "c" + n, prefix + n, prefix + n, "b-" + prefix + n);
    }
    env.link->last().say(read);
    settle();
  }
  void ask_all(std::vector<action_request> all) {
    caf::send_as(agent_handle, script->host.action_bursts, burst<action_request>{std::move(all)});
    settle();
  }
  static action_request request(const std::string& id, const std::string& chat) {
    return {id, "discord", {}, wire::send(chat, "text of " + id)};
  }
  std::multiset<std::string> answered_ids() const {
    std::multiset<std::string> out;
    for (const auto& x : script->results) out.insert(x.request_id);
    return out;
  }
};

TEST_F(bursts_test, EventsOfOneReadReachAnAgentAsOneMessage) {
  start_bursts();
  say_events(5);
  EXPECT_EQ(script->deliveries, (std::vector<std::size_t>{5}));
  EXPECT_EQ(script->texts, (std::vector<std::string>{"m1", "m2", "m3", "m4", "m5"}));
  EXPECT_EQ(acked().size(), 5U) << "the agent acknowledged them in one message, too";
  say_events(1, "n");
  EXPECT_EQ(script->deliveries, (std::vector<std::size_t>{5, 1})) << "one alone travels as itself";
}

TEST_F(bursts_test, AnAgentThatKnowsNothingOfBurstsGetsOneByOne) {
  start(with::scripted);
  handshake();
  say_events(5);
  ASSERT_EQ(agent->deliveries.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(agent->deliveries[i].event->text, "m" + std::to_string(i + 1));
  EXPECT_EQ(acked().size(), 5U);
}

TEST_F(bursts_test, WhatIsCutArrivesInOrderAllTheSame) {
  env.bursts = std::make_shared<cut_to>(2);
  start_bursts();
  say_events(5);
  EXPECT_EQ(script->deliveries, (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_EQ(script->texts, (std::vector<std::string>{"m1", "m2", "m3", "m4", "m5"}));
  ask_all({request("a", "c1"), request("b", "c2"), request("c", "c3")});
  EXPECT_EQ(sent().size(), 3U);
  answer_all();
  EXPECT_EQ(answered_ids(), (std::multiset<std::string>{"a", "b", "c"}));
}

TEST_F(bursts_test, EachActionOfABurstHasItsOutcomeOnce) {
  start_bursts();
  say_events(3);
  // `b` is refused at once, `c` is `a` again, `d` waits for the one before it in its chat.
  auto bad = request("b", "c2");
  bad.platform = "nowhere";
  ask_all({request("a", "c1"), bad, request("a", "c1"), request("d", "c1"), request("e", "c3")});
  EXPECT_EQ(sent().size(), 2U);
  EXPECT_EQ(script->outcomes, (std::vector<std::size_t>{1})) << "of the refused one";
  answer_all();
  EXPECT_EQ(answered_ids(), (std::multiset<std::string>{"a", "a", "b", "d", "e"}));
  EXPECT_EQ(sent().size(), 3U);
}

TEST_F(bursts_test, OutcomesOfOneReadComeAsOneMessage) {
  start_bursts();
  say_events(3);
  ask_all({request("a", "c1"), request("b", "c2"), request("c", "c3")});
  std::string results;
  for (const auto& x : sent())
    results += R"({"type":"outbound_result","requestId":")" + field(x, "requestId") +
               R"(","result":{"success":true,"message_id":"m"}})" + "\n";
  env.link->last().say(results);
  settle();
  EXPECT_EQ(script->outcomes, (std::vector<std::size_t>{3}));
}

TEST_F(bursts_test, EachActionOfABurstCountsTowardsTheLimit) {
  settings.limits.max_pending = 2;
  start_bursts();
  say_events(1);
  ask_all({request("a", "c1"), request("b", "c1"), request("c", "c1")});
  ASSERT_EQ(script->results.size(), 1U);
  EXPECT_EQ(script->results.front().request_id, "c");
  EXPECT_EQ(script->results.front().result.code, "overloaded");
}

TEST_F(bursts_test, AConnectionThatEndsTellsOfEachFrameOfABurst) {
  start_bursts();
  say_events(3);
  ask_all({request("a", "c1"), request("b", "c2"), request("c", "c3")});
  auto& socket = env.link->last();
  socket.lose_writes_after = socket.written.size() - 1; // the last frame never left
  socket.end();
  settle();
  EXPECT_EQ(answered_ids(), (std::multiset<std::string>{"a", "b"})) << "unknown; the third may go out again";
  for (const auto& x : script->results) EXPECT_EQ(x.result.how, outcome::unknown);
  advance(5s);
  handshake();
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(field(sent().front(), "content"), "text of c");
}

TEST_F(bursts_test, AnAgentThatDiesInTheMiddleOfABurstHasTakenWhatCameBefore) {
  start_bursts();
  script->dies_at = 3;
  say_events(5);
  EXPECT_EQ(script->texts, (std::vector<std::string>{"m1", "m2"}));
  EXPECT_EQ(acked().size(), 2U) << "these were acknowledged before it died, the others were not";
  EXPECT_EQ(report().inbound.pending, 3U);
}

class linked_bursts : public linked_test {
protected:
  static std::string action(const std::string& id, const std::string& chat) {
    return R"({"type":"action","request_id":")" + id + R"(","action":{"op":"send","chat_id":")" + chat +
           R"(","content":"text of )" + id + "\"}}\n";
  }
};

TEST_F(linked_bursts, ARouterThatDiesLeavesNoActionOfABurstWithoutAnOutcome) {
  start(with::link);
  handshake();
  EXPECT_TRUE(with_interface<burst_agent_actor>(agent_actor{link})) << "agents that are built in take bursts";
  auto x = attach(1);
  env.link->last().say(event("discord", "c1", "hi", "1") + event("discord", "c2", "hi", "2"));
  settle();
  say(x, action("a", "c1") + action("b", "c2") + action("c", "c1"));
  EXPECT_EQ(sent().size(), 2U);
  kill("egress-router");
  EXPECT_EQ(of(x, "result").size(), 3U);
  answer_all();
  EXPECT_EQ(of(x, "result").size(), 3U) << "each has one";
}

TEST_F(linked_bursts, EventsOfAReadThatNobodyIsThereForWaitForTheNextAgent) {
  start(with::link);
  handshake();
  auto x = attach(1);
  env.link->last().say(event("discord", "c1", "hi", "1") + event("discord", "c2", "hi", "2"));
  x.socket->end(); // it leaves while they are on their way to it
  settle();
  EXPECT_EQ(report().inbound.pending, 2U);
  auto y = attach(2);
  EXPECT_EQ(of(y, "inbound").size(), 2U);
}

} // namespace
} // namespace relay::testing
