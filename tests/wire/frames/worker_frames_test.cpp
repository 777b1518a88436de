// What gateways and workers say to each other over a queue: what one writes, the other reads.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/frames/worker_frames.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace worker_frames_test {

template <class T>
T worker_says(const std::string& line) {
  auto x = decode_worker_frame(line);
  if (auto* found = std::get_if<T>(&x)) return std::move(*found);
  ADD_FAILURE() << line;
  return {};
}
template <class T>
T gateway_says(const std::string& line) {
  auto x = decode_gateway_frame(line);
  if (auto* found = std::get_if<T>(&x)) return std::move(*found);
  ADD_FAILURE() << line;
  return {};
}

TEST(worker_frames, an_event_arrives_as_the_gateway_has_it) {
  inbound_event event;
  std::string why;
  ASSERT_TRUE(decode_event(R"({"text":"hi","message_id":"m1","new_field":{"n":1.50},)"
                           R"("source":{"platform":"discord","chat_id":"c","user_name":"Ann"}})",
                           event, why))
      << why;
  event.delivered_via_upstream_relay = true;
  event.channel_context = "Bob: before";
  delivery given{"d1", "agent:main:discord:dm:c", event_ref{event}, true};
  std::string line;
  encode_delivery(line, given);
  const auto got = gateway_says<delivery>(line);
  EXPECT_EQ(got, given);
  EXPECT_EQ(got.event->raw, event.raw);
}

TEST(worker_frames, an_agent_on_a_worker_reads_what_one_on_the_link_reads) {
  inbound_event event;
  std::string why;
  ASSERT_TRUE(
      decode_event(R"({"text":"hi","source":{"platform":"p","chat_id":"c","user_name":"Ann"}})", event, why));
  event.delivered_via_upstream_relay = true;
  event.channel_context = "Bob: before";
  std::string first, second;
  encode_delivery(first, {"d1", "s", event_ref{event}, false});
  encode_delivery(second, gateway_says<delivery>(first));
  EXPECT_EQ(first, second);
}

TEST(worker_frames, actions) {
  for (const auto& act : {send("c", "hi", "r", R"({"thread_id":"t","k":1.0})"), typing("c")}) {
    for (const bool resend : {false, true}) {
      const action_request given{"r1", "discord", "d1", act, resend};
      std::string line;
      encode_worker_action(line, given);
      EXPECT_EQ(worker_says<agent_action>(line).request, given) << line;
    }
  }
}

TEST(worker_frames, outcomes) {
  action_result done = action_result::success();
  done.message_id = "77";
  for (const auto& result :
       {done, action_result::failed("unsupported", "no"), action_result::ambiguous("who knows")}) {
    std::string line;
    encode_outcome(line, {"r1", result});
    const auto got = gateway_says<action_outcome>(line);
    EXPECT_EQ(got.request_id, "r1");
    EXPECT_EQ(got.result.how, result.how) << line;
    EXPECT_EQ(got.result.message_id, result.message_id);
    EXPECT_EQ(got.result.code, result.code);
    EXPECT_EQ(got.result.error, result.error);
  }
}

TEST(worker_frames, acks_returns_and_presence) {
  std::string line;
  encode_worker_ack(line, "d1");
  EXPECT_EQ(worker_says<agent_ack>(line).delivery_id, "d1");
  line.clear();
  encode(line, worker_returned{{{"d1", "d2"}, true}});
  EXPECT_EQ(worker_says<worker_returned>(line).what, (delivery_returned{{"d1", "d2"}, true}));
  line.clear();
  encode_worker_acks(line, {"d1", "d2"});
  EXPECT_EQ(worker_says<worker_acks>(line).delivery_ids, (std::vector<std::string>{"d1", "d2"}));
  EXPECT_TRUE(worker_says<worker_acks>(line).actions.empty());
  line.clear();
  encode(line, worker_hello{"w1", 16, {{"ask", "Ask", {}}}});
  const auto hello = worker_says<worker_hello>(line);
  EXPECT_EQ(hello.worker, "w1");
  EXPECT_EQ(hello.room, 16U);
  EXPECT_EQ(hello.commands, (std::vector<command_spec>{{"ask", "Ask", {}}}));
  line.clear();
  encode(line, worker_bye{"w1"});
  EXPECT_EQ(worker_says<worker_bye>(line).worker, "w1");
  line.clear();
  encode(line, queue_probe{});
  worker_says<queue_probe>(line);
  line.clear();
  encode_worker_interrupt(line, {"s", "because", true});
  EXPECT_EQ(worker_says<agent_interrupt>(line).reason, "because");
}

TEST(worker_frames, acks_have_their_actions_with_them) {
  const action_request one{"r1", "discord", "d1", send("c", "a \"b\", [c]")},
      two{"r2", "", "d2", send("c", "")};
  std::vector<std::string> actions(2);
  encode_worker_action(actions[0], one);
  encode_worker_action(actions[1], two);
  std::string line;
  encode_worker_acks(line, {"d1", "d2"}, actions);
  auto got = worker_says<worker_acks>(line);
  EXPECT_EQ(got.delivery_ids, (std::vector<std::string>{"d1", "d2"}));
  EXPECT_EQ(got.actions, (std::vector<action_request>{one, two})) << line;
  line.clear();
  encode_worker_ack(line, "d1", {actions[0]});
  got = worker_says<worker_acks>(line);
  EXPECT_EQ(got.delivery_ids, std::vector<std::string>{"d1"});
  EXPECT_EQ(got.actions, std::vector<action_request>{one});
  EXPECT_EQ(std::get<agent_ack>(decode_agent_frame(line)).delivery_id, "d1") << "for older gateways";
  // One that is bad is left out.
  got = worker_says<worker_acks>(R"({"type":"acks","delivery_ids":["d"],"actions":[7,{"type":"ack"},)" +
                                 actions[1] + "]}");
  EXPECT_EQ(got.actions, std::vector<action_request>{two});
  EXPECT_TRUE(
      worker_says<worker_acks>(R"({"type":"acks","delivery_ids":["d"],"actions":7})").actions.empty());
}

TEST(worker_frames, what_a_gateway_announces) {
  std::string line;
  descriptor one;
  one.platform = "discord";
  encode_ready(line, "gw", {one});
  EXPECT_FALSE(gateway_says<gateway_ready>(line).takes_acks);
  const auto got = gateway_says<gateway_ready>(line).who;
  EXPECT_EQ(got.gateway_id, "gw");
  ASSERT_EQ(got.platforms.size(), 1U);
  EXPECT_EQ(got.platforms[0].platform, "discord");
  line.clear();
  encode_ready(line, "gw", {one}, true);
  EXPECT_TRUE(gateway_says<gateway_ready>(line).takes_acks);
  EXPECT_EQ(gateway_says<gateway_ready>(line).who, got);
  line.clear();
  encode_interrupt(line, "s", "c");
  EXPECT_EQ(gateway_says<turn_interrupt>(line), (turn_interrupt{"s", "c"}));
  line.clear();
  encode_withdrawn(line, {"d1"});
  EXPECT_EQ(gateway_says<delivery_withdrawn>(line).delivery_ids, std::vector<std::string>{"d1"});
}

TEST(worker_frames, bad_ones_are_refused) {
  for (const auto* line :
       {"", "no", "[]", R"({"type":"hello"})", R"({"type":"bye","worker":""})",
        R"({"type":"returned","delivery_ids":[]})", R"({"type":"acks","delivery_ids":[1.5,""]})",
        R"({"type":"ack"})", R"({"type":"x"})"})
    worker_says<bad_agent_frame>(line);
  for (const auto* line : {"", "no", R"({"type":"inbound","delivery_id":"d"})", R"({"type":"result"})",
                           R"({"type":"inbound","delivery_id":"d","event":{"source":7}})", R"({"type":"x"})"})
    gateway_says<bad_agent_frame>(line);
}

} // namespace worker_frames_test
} // namespace relay::wire
