// Handshake, live events, buffering, ordered ack-gated replay, idle and wake (protocol.md 3).
#include "relay_gateway/tests/connector/rig.hpp"

namespace relay::connector {
namespace {

class delivery : public core_test {
protected:
  void SetUp() override {
    auto how = connector_core.how();
    how.replay_window = 2;
    connector_core.set_behaviour(how);
  }
  injected say(const std::string& text) { return connector_core.inject({.chat_id = "c", .text = text}); }
};

TEST_F(delivery, OneDescriptorPerHelloAndTheFirstCompletesTheHandshake) {
  provision("gw", "discord");
  auto socket = dial("gw");
  EXPECT_TRUE(last("handshake").kind.empty());
  hello(socket, "discord");
  EXPECT_EQ(last("handshake").platform, "discord");
  hello(socket, "telegram");
  hello(socket, "matrix");
  auto frames = sent();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].at("descriptor.max_message_length"), "2000");
  EXPECT_EQ(frames[1].at("descriptor.len_unit"), "utf16");
  EXPECT_EQ(frames[2].at("descriptor.markdown_dialect"), "plain") << "nobody described that platform";
  EXPECT_EQ(connector_core.records().read(0, of_kind("handshake")).size(), 1U);
}

TEST_F(delivery, ADescriptorCanBeDelayedWithheldOrReplaced) {
  provision("gw", "discord");
  auto socket = dial("gw");
  connector_core.answer({.on = answer_point::hello, .platform = "discord", .withhold = true});
  connector_core.answer({.on = answer_point::hello,
                         .platform = "telegram",
                         .delay = milliseconds{50},
                         .descriptor = R"({"platform":"telegram","max_message_length":7})"});
  hello(socket, "discord");
  hello(socket, "telegram");
  auto later = effect_of<call_later>();
  ASSERT_TRUE(later);
  EXPECT_EQ(later->delay.count(), 50);
  connector_core.due(later->token);
  EXPECT_EQ(sent("descriptor.max_message_length"), texts{"7"});
  EXPECT_EQ(last("handshake").platform, "telegram");
}

TEST_F(delivery, LiveEventsHaveNoBufferIdUnlessAllAreBuffered) {
  connect("gw");
  auto told = say("hi");
  EXPECT_EQ(told.live, 1U);
  auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].at("event.text"), "hi");
  EXPECT_EQ(frames[0].at("event.message_id"), told.message_id);
  EXPECT_EQ(frames[0].at("event.source.platform"), "discord");
  EXPECT_FALSE(frames[0].has("bufferId"));
  auto how = connector_core.how();
  how.buffer_all = true;
  connector_core.set_behaviour(how);
  EXPECT_EQ(say("kept").buffered, 1U);
  EXPECT_NE(sent("bufferId"), texts{""});
}

TEST_F(delivery, TheBacklogComesInOrderGatedOnAcks) {
  provision("gw", "discord");
  for (const auto* x : {"0", "1", "2", "3", "4"}) EXPECT_EQ(say(x).buffered, 1U);
  auto socket = dial("gw");
  EXPECT_TRUE(sent().empty()) << "nothing before the handshake";
  hello(socket, "discord");
  auto first = sent();
  ASSERT_EQ(first.size(), 3U) << "a descriptor and a window of two";
  EXPECT_EQ(first[1].at("event.text"), "0");
  EXPECT_EQ(first[2].at("event.text"), "1");
  EXPECT_EQ(say("5").buffered, 1U) << "a live event must not overtake the backlog";
  ack(socket, first[1].at("bufferId"));
  EXPECT_EQ(sent("event.text"), texts{"2"});
  ack(socket, "unheard-of");
  ack(socket, first[1].at("bufferId"));
  EXPECT_TRUE(sent().empty()) << "neither a foreign nor a second ack opens the window";
  EXPECT_EQ(connector_core.gateways()[0].buffered, 5U);
}

TEST_F(delivery, WhatWasNotAckedIsSentAgainAfterAReconnect) {
  provision("gw", "discord");
  for (const auto* x : {"0", "1", "2"}) say(x);
  auto socket = dial("gw");
  hello(socket, "discord");
  auto first = sent();
  ack(socket, first[2].at("bufferId")); // the second one, out of order
  EXPECT_EQ(sent("event.text"), texts{"2"});
  connector_core.ended(socket, end_of(1006));
  socket = dial("gw");
  hello(socket, "discord");
  auto again = sent();
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(again[1].at("event.text"), "0");
  EXPECT_EQ(again[1].at("bufferId"), first[1].at("bufferId")) << "the same entry keeps its id";
  EXPECT_EQ(again[2].at("event.text"), "2");
  ack(socket, again[1].at("bufferId"));
  ack(socket, again[2].at("bufferId"));
  EXPECT_EQ(connector_core.gateways()[0].buffered, 0U);
  EXPECT_EQ(say("live again").live, 1U);
}

TEST_F(delivery, AnIdleGatewayIsBufferedForAndPokedOnce) {
  provision("gw", "discord", R"(,"wakeUrl":"http://127.0.0.1:9/wake")");
  auto socket = dial("gw");
  hello(socket, "discord");
  connector_core.line(socket, R"({"type":"going_idle"})");
  EXPECT_EQ(sent("type"), (texts{"descriptor", "going_idle_ack"}));
  EXPECT_EQ(say("a").buffered, 1U);
  auto poke = effect_of<poke_gateway>();
  ASSERT_TRUE(poke);
  EXPECT_EQ(poke->url, "http://127.0.0.1:9/wake");
  say("b");
  EXPECT_FALSE(effect_of<poke_gateway>()) << "once per absence";
  connector_core.poked("gw", 0, "connection refused");
  say("c");
  EXPECT_TRUE(effect_of<poke_gateway>()) << "a poke that failed is tried again";
  connector_core.ended(socket, end_of(1000));
  socket = dial("gw");
  hello(socket, "discord");
  EXPECT_EQ(sent("event.text"), (texts{"", "a", "b"}));
}

TEST_F(delivery, AWithheldIdleAckLeavesTheGatewayLiveUnlessToldOtherwise) {
  auto socket = connect("gw");
  connector_core.answer({.on = answer_point::going_idle, .withhold = true});
  connector_core.line(socket, R"({"type":"going_idle"})");
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(say("x").live, 1U);
  connector_core.answer({.on = answer_point::going_idle, .withhold = true, .idle_anyway = true});
  connector_core.line(socket, R"({"type":"going_idle"})");
  EXPECT_EQ(say("y").buffered, 1U);
}

TEST_F(delivery, ANewConnectionOfTheSameGatewayReplacesTheOldOne) {
  auto old = connect("gw");
  auto fresh = dial("gw");
  auto close = effect_of<close_socket>();
  ASSERT_TRUE(close);
  EXPECT_EQ(close->which, old);
  EXPECT_EQ(close->code, 4429);
  EXPECT_EQ(say("between").buffered, 1U) << "the new one has not shaken hands yet";
  hello(fresh, "discord");
  EXPECT_EQ(sent("event.text"), (texts{"", "between"}));
  connector_core.ended(old, end_of(4429));
  EXPECT_EQ(connector_core.gateways()[0].unacked, 1U) << "the end of the old one does not touch the new one";
}

TEST_F(delivery, SeveralGatewaysEachGetTheirOwn) {
  auto one = connect("one", {"discord"}), two = connect("two", {"telegram"});
  connector_core.inject({.platform = "telegram", .text = "t"});
  auto frame = effect_of<send_frame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->to, two);
  connector_core.inject({.platform = "discord", .text = "d"});
  frame = effect_of<send_frame>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->to, one);
  auto nobody = connector_core.inject({.platform = "slack", .text = "s"});
  EXPECT_EQ(nobody.error, "no gateway fronts slack");
  EXPECT_EQ(connector_core.inject({.platform = "slack", .text = "s", .gateway_id = "one"}).live, 1U)
      << "unless told to";
}

TEST_F(delivery, PassthroughIsBufferedAndAckedLikeAnEvent) {
  provision("gw", "discord");
  connector_core.forward(
      R"({"platform":"discord","botId":"b","method":"POST","path":"/i","headers":[],"bodyB64":"e30="})", {});
  auto socket = dial("gw");
  hello(socket, "discord");
  auto frames = sent();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1].at("type"), "passthrough_forward");
  EXPECT_EQ(frames[1].at("forward.bodyB64"), "e30=");
  ack(socket, frames[1].at("bufferId"));
  EXPECT_EQ(connector_core.gateways()[0].buffered, 0U);
}

TEST_F(delivery, AMalformedEventGoesOutAsItIs) {
  connect("gw");
  connector_core.inject_event("{\"text\":\n 7}", {});
  EXPECT_EQ(sent("event.text"), texts{"7"});
}

TEST_F(delivery, StateOutlivesARestart) {
  connect("gw");
  connector_core.line(1, R"({"type":"going_idle"})");
  say("kept \u2713");
  auto key = connector_core.key_of("gw");
  core second{options{}, {[this] { return now_ms; }, [] { return std::string{"otherlife0123456"}; }, ""}};
  std::string error;
  ASSERT_TRUE(second.restore(connector_core.state(), error)) << error;
  EXPECT_EQ(second.key_of("gw"), key);
  ASSERT_EQ(second.gateways().size(), 1U);
  EXPECT_EQ(second.gateways()[0].buffered, 1U);
  EXPECT_EQ(second.gateways()[0].provisioned, (texts{"discord", "telegram"}));
  EXPECT_FALSE(second.restore("{}", error));
}

TEST_F(delivery, BadFramesAreRecordedAndChangeNothing) {
  auto socket = connect("gw");
  for (const auto* x : {"garbage", "[1]", "{}", R"({"type":7})", R"({"type":"handshake"})", "\xff{}"})
    connector_core.line(socket, x);
  EXPECT_EQ(connector_core.records().read(0, of_kind("bad_frame")).size(), 5U);
  EXPECT_EQ(connector_core.records().read(0, of_kind("unknown_frame")).size(), 1U);
  EXPECT_TRUE(effects().empty());
  EXPECT_EQ(say("still").live, 1U);
}

} // namespace
} // namespace relay::connector
