// The idle policy over the whole tree, on virtual time (settings.md gateway.idle; protocol.md 3.2).
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

namespace relay::testing {
namespace {

class idle : public gateway_test {
protected:
  idle() {
    settings.relay.wake_url = "https://wake.example/x";
    settings.service.idle_after = 60s;
  }
  bool announced() {
    for (auto& x : env.link->last().written)
      if (x == "{\"type\":\"going_idle\"}\n") return true;
    return false;
  }
};

TEST_F(idle, QuietGatewayGoesDormantAndAPokeWakesIt) {
  start();
  handshake();
  advance(59s, 1s);
  EXPECT_FALSE(announced());
  for (int i = 0; i < 20 && !announced(); ++i) advance(1s, 1s);
  ASSERT_TRUE(announced());
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_EQ(phase(), link_phase::dormant);
  caf::anon_send(root, command::wake);
  settle();
  EXPECT_EQ(env.link->dials.size(), 2U);
}

TEST_F(idle, AnOutageIsNoRest) {
  start();
  handshake();
  advance(10s, 1s);
  env.link->last().end(); // and no connector answers
  advance(150s, 1s);
  EXPECT_EQ(env.log->count("idle.now"), 0U);
  handshake();
  advance(59s, 1s);
  EXPECT_FALSE(announced()) << "the time counts from when it serves again";
}

class sleep_url : public idle {
protected:
  sleep_url() { settings.relay.sleep_url = "https://host.example/stop?m=1"; }
  std::vector<fake_http::call_t*> calls() { return env.http->open("/stop?m=1"); }
  void idle_ack() {
    env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
    settle();
  }
  void until_announced() {
    for (int i = 0; i < 90 && !announced(); ++i) advance(1s, 1s);
    ASSERT_TRUE(announced());
  }
};

TEST_F(sleep_url, IsCalledOnceWhenTheGatewayHasGoneToSleepByItself) {
  start();
  handshake();
  until_announced();
  EXPECT_TRUE(calls().empty()) << "not asleep before the ack";
  idle_ack();
  ASSERT_EQ(phase(), link_phase::dormant);
  ASSERT_EQ(calls().size(), 1U);
  auto& call = calls()[0]->what;
  EXPECT_EQ(call.method, "POST");
  EXPECT_TRUE(call.body.empty());
  EXPECT_TRUE(call.bearer.empty());
  calls()[0]->answer(204, {});
  settle();
  EXPECT_EQ(env.log->count("idle.sleep_url_failed"), 0U);
  auto before = env.http->calls.size();
  caf::anon_send(root, command::wake);
  settle();
  handshake();
  advance(30s, 1s);
  EXPECT_EQ(env.http->calls.size(), before) << "awake again";
  until_announced();
  idle_ack();
  EXPECT_EQ(calls().size(), 1U) << "the next sleep is told, too";
}

TEST_F(sleep_url, AFailureIsAWarningAndNoMore) {
  start();
  handshake();
  for (int status : {0, 308, 500}) {
    SCOPED_TRACE(status);
    until_announced();
    idle_ack();
    ASSERT_EQ(calls().size(), 1U);
    auto warned = env.log->count("idle.sleep_url_failed");
    calls()[0]->answer(status, {});
    settle();
    EXPECT_EQ(env.log->count("idle.sleep_url_failed"), warned + 1);
    EXPECT_EQ(phase(), link_phase::dormant);
    EXPECT_TRUE(calls().empty()) << "not tried again";
    caf::anon_send(root, command::wake);
    settle();
    handshake();
  }
}

TEST_F(sleep_url, IsNotCalledForASleepThatSomebodyOrdered) {
  start();
  handshake();
  caf::anon_send(root, command::dormant);
  settle();
  ASSERT_TRUE(announced());
  idle_ack();
  ASSERT_EQ(phase(), link_phase::dormant);
  EXPECT_TRUE(calls().empty());
}

TEST_F(sleep_url, IsNotCalledWhenWorkCameMeanwhile) {
  start(with::scripted);
  agent->ack = false;
  handshake();
  until_announced();
  env.link->last().say(event("discord", "c", "x", "1"));
  settle();
  idle_ack();
  EXPECT_TRUE(calls().empty());
}

TEST_F(idle, ExitDrainsAndEnds) {
  settings.service.idle_does = config::idle_action::exit;
  start();
  handshake();
  advance(90s, 1s);
  ASSERT_TRUE(announced());
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_EQ(env.link->last().closed_with, 1000);
}

TEST_F(idle, F69_WorkOfEveryKindKeepsItAwake) {
  start(with::scripted);
  agent->ack = false;
  handshake();
  // An event that nobody has taken.
  env.link->last().say(event("discord", "c", "x", "1"));
  advance(55s, 1s);
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[0].id});
  // Taken, not answered: a turn is running.
  advance(5min, 5s);
  EXPECT_FALSE(announced());
  // Answered, not settled.
  ask({"r", {}, agent->deliveries[0].id, relay::wire::send("c", "y")});
  advance(25s, 1s);
  EXPECT_FALSE(announced());
  answer_all();
  advance(50s, 1s);
  EXPECT_FALSE(announced());
  advance(60s, 1s);
  EXPECT_TRUE(announced());
}

TEST_F(idle, AnAttachedPromptKeepsItAwakeUntilItIsAnswered) {
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord", 2000, R"(["send","prompt"])"));
  settle();
  ask({"r",
       "discord",
       {},
       relay::wire::prompt("c", relay::wire::prompt_kind::choice, "?", {{"a", "A", ""}},
                           {.prompt_id = "p1"})});
  answer_all();
  advance(5min, 5s);
  EXPECT_FALSE(announced());
  env.link->last().say(
      R"({"type":"inbound","event":{"text":"","source":{"platform":"discord","chat_id":"c","user_id":"u"},"message_id":"9","prompt_response":{"prompt_id":"p1","option_id":"a"}}})"
      "\n");
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  ask({"r2", {}, agent->deliveries[0].id, relay::wire::send("c", "thanks")});
  answer_all();
  advance(2min, 5s);
  EXPECT_TRUE(announced());
}

TEST_F(idle, F68_WithoutAWakeUrlItStaysAwakeAndSaysWhy) {
  settings.relay.wake_url.clear();
  start();
  handshake();
  advance(5min, 5s);
  EXPECT_FALSE(announced());
  EXPECT_EQ(env.log->count("idle.no_wake_url"), 1U);
}

TEST_F(idle, F70_WithoutTheAckItStaysAndTriesAgainLater) {
  start();
  handshake();
  advance(90s, 1s);
  EXPECT_EQ(phase(), link_phase::connected);
  EXPECT_EQ(env.link->dials.size(), 1U);
}

} // namespace
} // namespace relay::testing
