// What operators are shown: each number says what happened, and nothing stays at its last value when it is
// over.
#include "relay_gateway/tests/actors/egress/outbox_fixture.hpp"

namespace relay::testing {
namespace {

class numbers : public outbox {
protected:
  std::uint64_t count(const std::string& name) { return env.metrics->get(name); }
  std::int64_t value(const std::string& name) {
    auto it = env.metrics->gauges.find("relay_gateway_" + name);
    return it == env.metrics->gauges.end() ? -1 : it->second;
  }
  std::size_t observed(const std::string& name) {
    return env.metrics->times["relay_gateway_" + name + "_seconds"].size();
  }
  std::int64_t now_s() const { return env.machine->wall / 1000; }
  void give(const std::string& frames) {
    env.link->last().say(frames);
    settle();
  }
  void ack_all() {
    for (; taken < agent->deliveries.size(); ++taken)
      caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[taken].id});
    settle();
  }
  std::size_t taken = 0;
};

TEST_F(numbers, OfTheLink) {
  start(with::scripted);
  EXPECT_EQ(count("dials_total{start}"), 1U);
  EXPECT_NE(value("connected"), 1);
  advance(1s);
  handshake();
  EXPECT_EQ(count("handshakes_total"), 1U);
  EXPECT_EQ(value("connected"), 1);
  EXPECT_EQ(value("revoked"), 0);
  EXPECT_EQ(value("link_last_up_timestamp_seconds"), now_s());
  EXPECT_EQ(value("link_next_dial_timestamp_seconds"), 0);
  ASSERT_EQ(observed("dial"), 1U);
  EXPECT_EQ(env.metrics->times["relay_gateway_dial_seconds"][0], 1s);
  EXPECT_EQ(count("frames_received_total"), 2U) << "two descriptors";
  give("{\"type\":\"of_next_year\"}\n{\"type\":\"interrupt_inbound\",\"session_key\":\"s\",\"chat_id\":\"c\"}"
       "\n");
  EXPECT_EQ(count("frames_received_total"), 4U);
  EXPECT_EQ(count("frames_unknown_total"), 1U);
  EXPECT_EQ(count("interrupts_received_total"), 1U);
  give("no frame\n");
  EXPECT_EQ(count("frames_refused_total{malformed}") + count("frames_refused_total{not_json}"), 1U);
  give(R"({"type":"passthrough_forward","forward":{"platform":"telegram","path":"/x"},"bufferId":"p"})"
       "\n");
  EXPECT_EQ(count("events_dropped_total{passthrough}"), 1U);
  EXPECT_EQ(count("buffer_acks_total"), 1U);
  caf::send_as(agent_handle, agent->host.actions, session_interrupt{"s", {}, false});
  settle();
  EXPECT_EQ(count("interrupts_sent_total{sent}"), 1U);
  env.link->last().end();
  settle();
  EXPECT_EQ(count("links_ended_total{network}") + count("links_ended_total{closed}"), 1U);
  EXPECT_EQ(value("connected"), 0);
  EXPECT_GE(value("link_next_dial_timestamp_seconds"), now_s());
}

TEST_F(numbers, OfAFrameThatIsTooLong) {
  settings.limits.max_frame = 1000;
  up();
  give(std::string(1001, 'x'));
  EXPECT_EQ(count("frames_refused_total{too_long}"), 1U);
  EXPECT_EQ(env.log->count("frame.too_long"), 1U);
}

TEST_F(numbers, OfEvents) {
  start(with::scripted);
  agent->ack = false;
  handshake();
  EXPECT_EQ(value("events_pending"), 0);
  give(event("discord", "a", "one", "1", "b1") + event("discord", "b", "two", "2"));
  EXPECT_EQ(count("events_received_total"), 2U);
  EXPECT_EQ(count("events_delivered_total"), 2U);
  EXPECT_EQ(count("events_redelivered_total"), 0U);
  EXPECT_EQ(value("events_pending"), 2);
  EXPECT_EQ(value("events_in_flight"), 2);
  EXPECT_GT(value("events_pending_bytes"), 0);
  EXPECT_GT(value("dedupe_entries"), 0);
  ack_all();
  EXPECT_GT(value("dedupe_bytes"), 0);
  EXPECT_EQ(count("events_acked_total"), 2U);
  EXPECT_EQ(observed("delivery_to_ack"), 2U);
  EXPECT_EQ(observed("receive_to_ack"), 1U) << "the other has no id to acknowledge";
  EXPECT_EQ(count("buffer_acks_total"), 1U);
  EXPECT_EQ(value("events_pending"), 0);
  EXPECT_EQ(value("events_in_flight"), 0);
  EXPECT_EQ(value("events_pending_bytes"), 0);
  EXPECT_EQ(value("events_unstored"), 0);
  give(event("discord", "a", "one", "1", "b1"));
  EXPECT_EQ(count("events_received_total"), 3U);
  EXPECT_EQ(count("events_duplicate_total{buffer_id}") + count("events_duplicate_total{message_id}"), 1U);
  EXPECT_EQ(count("events_delivered_total"), 2U);
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[0].id});
  settle();
  EXPECT_EQ(count("acks_unknown_total"), 1U) << "it is settled";
}

TEST_F(numbers, OfWhatIsSetAside) {
  up();
  EXPECT_EQ(value("dead_letters"), 0);
  give("{\"type\":\"inbound\",\"event\":null,\"bufferId\":\"poison\"}\n");
  EXPECT_EQ(count("events_dead_letter_total"), 1U);
  EXPECT_EQ(value("dead_letters"), 1);
  EXPECT_EQ(count("events_received_total"), 0U);
}

TEST_F(numbers, OfActions) {
  up();
  EXPECT_EQ(value("actions_pending"), -1) << "none was there";
  ask(send("r1"));
  ask(send("r2", "y"));
  EXPECT_EQ(count("actions_accepted_total"), 2U);
  EXPECT_EQ(value("actions_pending"), 2);
  EXPECT_EQ(value("actions_unstored"), 0);
  EXPECT_EQ(value("chats_active"), 1);
  EXPECT_EQ(count("frames_sent_total"), 1U) << "the second waits for the first";
  advance(1s);
  answer_all();
  EXPECT_EQ(count("frames_sent_total"), 2U);
  EXPECT_EQ(count("actions_settled_total{done}"), 2U);
  EXPECT_EQ(value("actions_pending"), 0);
  ASSERT_EQ(observed("action_to_result"), 2U);
  EXPECT_EQ(env.metrics->times["relay_gateway_action_to_result_seconds"][0], 1s);
  EXPECT_EQ(count("actions_repeated_total"), 0U);
  ask(send("r1"));
  EXPECT_EQ(count("actions_repeated_total"), 1U);
  ask(send("r1", "something else"));
  EXPECT_EQ(count("actions_refused_total{request_id_conflict}"), 1U);
  ask({"r3", "slack", {}, wire::send("c", "x")});
  EXPECT_EQ(count("actions_refused_total{unknown_platform}"), 1U);
  EXPECT_EQ(count("actions_accepted_total"), 2U);
  advance(5min, 5s);
  EXPECT_GT(value("chat_bytes"), -1);
}

TEST_F(numbers, OfActionsThatWaitForTheDisk) {
  up();
  disk->hold();
  ask(send("r1"));
  EXPECT_EQ(value("actions_unstored"), 1);
  EXPECT_EQ(value("chats_active"), 1);
}

TEST_F(numbers, OfWhatTheRouterRemembers) {
  up();
  give(event("discord", "a", "one", "1"));
  EXPECT_EQ(value("routes_known"), 1);
  EXPECT_GT(value("route_bytes"), 0);
  EXPECT_EQ(value("turns_known"), 1);
  EXPECT_GT(value("turn_bytes"), 0);
  EXPECT_EQ(value("turns_open"), 1);
  ask({"r1", {}, agent->deliveries[0].id, wire::send("a", "x")});
  answer_all();
  give(event("discord", "b", "two", "2"));
  EXPECT_EQ(value("outcomes_recorded"), 1);
  EXPECT_GT(value("outcome_bytes"), 0);
  EXPECT_EQ(value("turns_open"), 1) << "one is answered";
}

TEST_F(numbers, OfAttachedAgents) {
  start(with::link);
  handshake();
  auto a = attach(1);
  auto b = attach(2);
  EXPECT_EQ(count("agents_attached_total"), 2U);
  EXPECT_EQ(value("agents"), 2);
  say(a, R"({"type":"action","request_id":"q","action":{"op":"send","chat_id":"c","content":"x"}})"
         "\n");
  EXPECT_EQ(value("agent_actions"), 1);
  EXPECT_GT(value("agent_action_bytes"), 0);
  answer_all();
  EXPECT_EQ(value("agent_actions"), 0);
  EXPECT_EQ(value("agent_action_bytes"), 0);
  say(a, "no frame\n");
  EXPECT_EQ(count("agent_frames_refused_total"), 1U);
  b.socket->end();
  settle();
  EXPECT_EQ(value("agents"), 1);
}

TEST_F(numbers, OfRestarts) {
  up();
  kill("inbound");
  EXPECT_EQ(count("child_restarts_total{inbound}"), 1U);
}

} // namespace
} // namespace relay::testing
