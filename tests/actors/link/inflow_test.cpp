// What sockets bring waits in mailboxes: bounded by not reading, whichever thread the actors run on.
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

namespace relay::testing {
namespace {

class inflow_test : public linked_test {
protected:
  static std::string lines(const std::string& line, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += line;
    return out;
  }
  static constexpr std::size_t much = 5UL << 20;
};

TEST_F(inflow_test, AnAgentIsNotReadFromWhileWhatItSaidWaits) {
  start(with::link);
  auto x = attach(1);
  x.socket->say(lines("{\"type\":\"ack\",\"delivery_id\":\"d0-1\"}\n", 1'000));
  EXPECT_FALSE(x.socket->listener->behind());
  x.socket->say(lines("{\"type\":\"ack\",\"delivery_id\":\"d0-1\"}\n", much));
  EXPECT_TRUE(x.socket->listener->behind());
  settle();
  EXPECT_FALSE(x.socket->listener->behind());
}

TEST_F(inflow_test, FewLongLinesCountAsTheBytesThatTheyAre) {
  start(with::link);
  auto x = attach(1);
  const auto line = R"({"type":"action","request_id":"r","platform":"discord","action":{"op":"send",)"
                    R"("chat_id":"c","content":")" +
                    std::string(900'000, 'y') + "\"}}\n";
  x.socket->say(line);
  EXPECT_FALSE(x.socket->listener->behind());
  for (int i = 0; i < 5; ++i) x.socket->say(line);
  EXPECT_TRUE(x.socket->listener->behind());
  settle();
  EXPECT_FALSE(x.socket->listener->behind());
}

TEST_F(inflow_test, LinesOfOneLetterCountAsWhatTheyHoldInMemory) {
  start(with::link);
  auto x = attach(1);
  x.socket->say(lines("x\n", 100'000));
  EXPECT_TRUE(x.socket->listener->behind());
  settle();
  EXPECT_FALSE(x.socket->listener->behind());
}

TEST_F(inflow_test, OneWhoseActorIsGoneIsNotBehind) {
  start(with::link);
  auto x = attach(1);
  kill("agent-link");
  x.socket->say(lines("x\n", 100'000));
  settle();
  EXPECT_FALSE(x.socket->listener->behind());
}

TEST_F(inflow_test, TheConnectorIsNotReadFromWhileItsEventsWait) {
  start(with::link);
  handshake();
  auto& socket = env.link->last();
  socket.say(lines(event("discord", "c", std::string(100'000, 'y'), "1"), much));
  EXPECT_TRUE(socket.listener->behind());
  settle();
  EXPECT_FALSE(socket.listener->behind());
}

// What frames of a peer make actors tell each other waits in mailboxes, too, and is bounded at its source.

/// All that an agent talks to, in one; counts.
using counting_host_actor =
    delivery_sink_actor::extend_with<action_sink_actor>::extend_with<agent_registry_actor>;

class told_on_test : public inflow_test {
protected:
  std::size_t acks = 0, interrupts = 0, declarations = 0;
  counting_host_actor host;

  ~told_on_test() override {
    caf::anon_send_exit(host, caf::exit_reason::kill);
    settle();
    host = nullptr;
  }
  /// A link agent by itself, between an agent's socket and what counts.
  seat alone() {
    link = sys.spawn(link_agent, env.all(), std::uint64_t{1000}, caf::strong_actor_ptr{});
    agent_handle = caf::actor_cast<agent_actor>(link);
    host = sys.spawn([this]() -> counting_host_actor::behavior_type {
      return {
          [this](const delivery_ack&) { ++acks; },
          [](const delivery_returned&) {},
          [](const agent_presence&) {},
          [](action_request& x) {
            return action_outcome{x.request_id, action_result::ambiguous("as the test says")};
          },
          [this](const session_interrupt&) { ++interrupts; },
          [this](const agent_declaration&) { ++declarations; },
      };
    });
    caf::anon_send(agent_handle, agent_host{host, host, host});
    settle();
    return attach(1);
  }
  static std::string repeated(const std::string& line, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += line;
    return out;
  }
};

TEST_F(told_on_test, AcksOfEventsThatNoAgentHasArePassedOnAtARate) {
  auto x = alone();
  say(x, repeated("{\"type\":\"ack\",\"delivery_id\":\"d0-1\"}\n", 50'000));
  EXPECT_EQ(acks, 10'000U);
  EXPECT_EQ(env.metrics->get("acks_dropped_total"), 40'000U);
  caf::anon_send(agent_handle, delivery{"d0-7", "s", event_ref{inbound_event{}}});
  settle();
  say(x, repeated("{\"type\":\"ack\",\"delivery_id\":\"d0-7\"}\n", 2));
  EXPECT_EQ(acks, 10'001U) << "of what it has an agent is always heard, once";
  advance(1s);
  say(x, repeated("{\"type\":\"ack\",\"delivery_id\":\"d0-1\"}\n", 5'000));
  EXPECT_EQ(acks, 11'001U) << "they may be late ones";
}

TEST_F(told_on_test, InterruptsOfAgentsArePassedOnAtARate) {
  auto x = alone();
  say(x, R"({"type":"interrupt","session_key":"s","reason":")" + std::string(20'000, 'r') + "\"}\n");
  EXPECT_EQ(interrupts, 0U) << "its reason is too long for the connector";
  say(x, repeated("{\"type\":\"interrupt\",\"session_key\":\"s\"}\n", 5'000));
  EXPECT_EQ(interrupts, 1'000U);
  EXPECT_EQ(env.metrics->get("interrupts_sent_total{dropped}"), 4'001U);
  advance(1s);
  say(x, repeated("{\"type\":\"interrupt\",\"session_key\":\"s\"}\n", 500));
  EXPECT_EQ(interrupts, 1'100U);
}

TEST_F(told_on_test, AnAgentDeclaresItselfAnewAtARate) {
  auto x = alone();
  const auto before = declarations;
  say(x, repeated("{\"type\":\"hello\",\"name\":\"a\"}\n", 1'000));
  EXPECT_LE(declarations - before, 11U);
  EXPECT_EQ(env.metrics->get("agent_frames_refused_total"), 990U);
}

TEST_F(inflow_test, InterruptsOfTheConnectorArePassedOnAtARate) {
  start(with::link);
  handshake();
  auto x = attach(1);
  auto& socket = env.link->last();
  const std::string line =
      R"({"type":"interrupt_inbound","session_key":"agent:main:discord:dm:c","chat_id":"c"})"
      "\n";
  socket.say(lines(line, 5'000 * line.size()));
  settle();
  EXPECT_EQ(of(x, "interrupt").size(), 1'000U);
  EXPECT_EQ(env.metrics->get("frames_refused_total{too_many}"), 4'000U);
  advance(1s);
  socket.say(lines(line, 5'000 * line.size()));
  settle();
  EXPECT_EQ(of(x, "interrupt").size(), 1'100U);
}

TEST_F(inflow_test, DescriptorsOfFurtherPlatformsAreBounded) {
  start(with::link);
  handshake(); // two platforms, two of 64 descriptors
  auto x = attach(1);
  auto& socket = env.link->last();
  const auto before = of(x, "ready").size();
  std::string same, fresh;
  for (int i = 0; i < 100; ++i) same += descriptor_line("telegram", 4096);
  socket.say(same);
  settle();
  EXPECT_EQ(of(x, "ready").size(), before) << "they say nothing new";
  EXPECT_EQ(env.metrics->get("frames_refused_total{too_many}"), 38U);
  int number = 0;
  for (int second = 0; second < 20; ++second) {
    fresh.clear();
    for (int i = 0; i < 1'000; ++i) fresh += descriptor_line("p" + std::to_string(number++), 4096);
    advance(1s);
    socket.say(fresh);
    settle();
  }
  EXPECT_EQ(of(x, "ready").size(), before + 62) << "of 64 platforms";
  EXPECT_EQ(env.metrics->get("frames_refused_total{too_many}"), 38U + 20'000U - 62U);
}

TEST_F(inflow_test, DescriptorsThatChangeAllTheTimeAreTakenAtARate) {
  start(with::link);
  handshake();
  auto x = attach(1);
  auto& socket = env.link->last();
  const auto before = of(x, "ready").size();
  const auto flood = [&](int from) {
    std::string out;
    for (int i = 0; i < 5'000; ++i) out += descriptor_line("telegram", from + i);
    socket.say(out);
    settle();
  };
  flood(10'000);
  EXPECT_EQ(of(x, "ready").size(), before + 62);
  advance(1s);
  flood(20'000);
  EXPECT_EQ(of(x, "ready").size(), before + 72);
  advance(60s);
  flood(30'000);
  EXPECT_EQ(of(x, "ready").size(), before + 136) << "no more at once than at the start";
}

TEST_F(inflow_test, AnAckOfAGoingIdleThatWasNotSaidGoesNowhere) {
  start(with::link);
  handshake();
  const auto before = env.metrics->get("frames_unknown_total");
  env.link->last().say(lines("{\"type\":\"going_idle_ack\"}\n", 1'000));
  settle();
  EXPECT_GT(env.metrics->get("frames_unknown_total"), before + 30);
  EXPECT_TRUE(env.link->last().open);
}

} // namespace
} // namespace relay::testing
