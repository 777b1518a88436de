// A failure stays in its room; a stop is ordered; settings change without a restart.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

#include <caf/actor_registry.hpp>

namespace relay::testing {
namespace {

class supervision : public gateway_test {
protected:
  bool gone() {
    bool down = false;
    caf::scoped_actor self{sys, true};
    self->monitor(root);
    settle();
    self->receive([&](caf::down_msg&) { down = true; }, caf::after(0ms) >> [] {});
    return down;
  }
};

TEST_F(supervision, EveryChildIsRestartedAndTheGatewayStillEchoes) {
  start();
  handshake();
  int n = 0;
  for (auto* child : {"egress-router", "inbound", "agent", "link-manager", "policy"}) {
    kill(child);
    advance(40s, 500ms);
    if (!env.link->last().open || env.link->last().over) handshake();
    advance(1s);
    if (!env.link->last().open) handshake();
    auto before = sent().size();
    env.link->last().say(event("discord", "c", "still here", std::to_string(++n)));
    settle();
    ASSERT_EQ(sent().size(), before + 1) << child;
    EXPECT_NE(sent().back().find("still here"), std::string::npos) << child;
    EXPECT_LE(env.link->alive(), 1U) << child;
    advance(40s, 500ms);
  }
  EXPECT_EQ(report().restarts, 5U);
}

// Seed 8043: a new link manager counted its epochs from one, and inbound took its links for older than the
// last.
TEST_F(supervision, LinksOfANewKeeperAreNewerThanThoseOfItsPredecessor) {
  start();
  handshake();
  for (int i = 0; i < 3; ++i) {
    caf::anon_send(root, command::reconnect);
    settle();
    handshake();
  }
  kill("link-manager");
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  EXPECT_EQ(acked().size(), 1U);
}

TEST_F(supervision, TheNextRouterKnowsTheTurnsBeforeTheAgentKnowsTheRouter) {
  start(with::scripted);
  agent->ack = false;
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  agent->on_host = [this](agent_actor::pointer self) {
    tell(self, agent->host.actions,
         action_request{"r", {}, agent->deliveries[0].id, relay::wire::send("c", "an answer"), false});
  };
  caf::anon_send_exit(handle("egress-router"), caf::exit_reason::kill);
  while (sched.has_job()) { // the agent and the router are always faster than whoever tells of turns
    if (auto router = handle("egress-router")) sched.prioritize(router);
    sched.prioritize(agent_handle);
    sched.run_once();
  }
  ASSERT_EQ(sent().size(), 1U);
  EXPECT_EQ(field(sent()[0], "user_id"), "u-c") << sent()[0];
}

TEST_F(supervision, AChatWhoseStepThrowsIsReportedAsUnknownAndNobodyElseNotices) {
  start(with::scripted);
  handshake();
  ask({"r1", "discord", {}, relay::wire::send("c", "x")});
  ask({"r2", "discord", {}, relay::wire::send("other", "x")});
  ask({"r3", "discord", {}, relay::wire::send("other", "y")});
  break_chat({"discord", "c"});
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].request_id, "r1");
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
  EXPECT_EQ(env.log->count("chat.failed"), 1U);
  EXPECT_EQ(report().restarts, 0U) << "the router lives";
  ask({"r4", "discord", {}, relay::wire::send("c", "z")});
  EXPECT_EQ(sent().size(), 3U) << "the chat goes on with a new queue";
  answer_all(); // the answer to r1 comes too late, and counts for no other action
  EXPECT_EQ(sent().size(), 4U) << "the other chat as before";
  ASSERT_EQ(agent->outcomes.size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(agent->outcomes[i].result.how, outcome::done);
}

TEST_F(supervision, DrainServesUntilTheAckFinishesWhatIsInFlightAndCloses1000) {
  start();
  handshake();
  env.link->last().say(event("discord", "a", "before", "1"));
  settle();
  caf::anon_send(root, command::drain);
  settle();
  EXPECT_EQ(env.link->last().written.back(), "{\"type\":\"going_idle\"}\n");
  EXPECT_FALSE(report().ready);
  env.link->last().say(event("discord", "a", "during", "2"));
  settle();
  answer_all();
  EXPECT_EQ(sent().size(), 2U) << "served until the ack";
  env.link->last().say(event("discord", "a", "last", "3") + "{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_EQ(env.link->last().closed_with, 0) << "one action is still in flight";
  answer_all();
  EXPECT_EQ(env.link->last().closed_with, 1000);
  EXPECT_TRUE(gone());
}

TEST_F(supervision, F18_DrainEndsWithinTheGraceWhateverHappens) {
  settings.service.grace = 8s;
  start(with::scripted);
  agent->ack = false; // never takes anything
  handshake();
  env.link->last().say(event("discord", "a", "x", "1"));
  ask({"r", "discord", {}, relay::wire::send("a", "never answered")});
  caf::anon_send(root, command::drain);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  advance(8s);
  EXPECT_EQ(env.link->last().closed_with, 1000);
  EXPECT_TRUE(gone());
  ASSERT_EQ(agent->outcomes.size(), 1U) << "reported, not forgotten";
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::unknown);
  EXPECT_GE(agent->finished, 1U);
}

TEST_F(supervision, DrainWithoutALinkStopsAtOnce) {
  start();
  caf::anon_send(root, command::drain);
  settle();
  EXPECT_TRUE(gone());
  EXPECT_EQ(env.link->alive(), 0U);
}

TEST_F(supervision, DrainWithoutALinkFailsWhatIsHeldAtOnce) {
  start(with::scripted);
  ask({"r", "discord", {}, relay::wire::send("c", "x")});
  caf::anon_send(root, command::drain);
  settle();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  EXPECT_EQ(agent->outcomes[0].result.how, outcome::definite);
  EXPECT_TRUE(gone());
}

TEST_F(supervision, DrainWithoutTheAckGoesOnAfterItsTimeout) {
  start();
  handshake();
  caf::anon_send(root, command::drain);
  settle();
  advance(9s);
  EXPECT_FALSE(gone());
  advance(2s);
  EXPECT_TRUE(gone());
  EXPECT_EQ(env.link->dials[0]->closed_with, 1000);
}

TEST_F(supervision, ReloadAddsAPlatformOnTheLiveSocketAndRedialsForASmallerSet) {
  start();
  handshake();
  auto next = settings;
  next.relay.identities.push_back({"slack", "s-3", ""});
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  EXPECT_EQ(env.link->dials.size(), 1U);
  EXPECT_EQ(env.link->last().written.back(),
            "{\"type\":\"hello\",\"platform\":\"slack\",\"botId\":\"s-3\"}\n");
  next.relay.identities = {{"discord", "app-1", ""}};
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  ASSERT_EQ(env.link->dials.size(), 2U);
  env.link->last().accept();
  settle();
  EXPECT_EQ(env.link->last().written.size(), 1U);
}

TEST_F(supervision, ReloadWithNewCredentialsRevivesARevokedLink) {
  start();
  handshake();
  env.link->last().end(4401);
  settle();
  env.link->last().end(4401);
  settle();
  ASSERT_EQ(phase(), link_phase::disabled);
  auto next = settings;
  next.relay.gateway_secret = secret{"rotated"};
  caf::anon_send(root, std::make_shared<const config::settings>(next));
  settle();
  EXPECT_EQ(env.link->dials.size(), 3U);
  handshake();
  EXPECT_EQ(phase(), link_phase::connected);
}

TEST_F(supervision, StrayMessagesKillNobody) {
  start();
  handshake();
  for (auto* child : {"egress-router", "inbound", "agent", "link-manager"}) {
    caf::anon_send(handle(child), std::string{"what is this?"});
    caf::anon_send(handle(child), caf::make_error(ec::bad_answer, "stray"));
    caf::anon_send(handle(child),
                   caf::down_msg{caf::actor_cast<caf::actor_addr>(handle(child)), caf::exit_reason::kill});
  }
  settle();
  EXPECT_EQ(report().restarts, 0U);
  env.link->last().say(event("discord", "c", "alive", "1"));
  settle();
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(supervision, OneShotActionsAreAnsweredLikeAnAgents) {
  start();
  handshake();
  caf::scoped_actor self{sys, true};
  auto asked =
      self->request(root, caf::infinite, action_request{"one", "telegram", {}, relay::wire::send("c", "x")});
  settle();
  answer_all();
  bool done = false;
  asked.receive([&](action_outcome& x) { done = x.result.how == outcome::done; },
                [](caf::error& e) { ADD_FAILURE() << caf::to_string(e); });
  EXPECT_TRUE(done);
}

TEST_F(supervision, AOneShotActionMayWaitForAsLongAsTheConnectorAsks) {
  start();
  handshake();
  caf::scoped_actor self{sys, true};
  auto asked =
      self->request(root, caf::infinite, action_request{"one", "telegram", {}, relay::wire::send("c", "x")});
  settle();
  ASSERT_EQ(sent().size(), 1U);
  env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent()[0], "requestId") +
                       R"(","result":{"success":false,"error":"slow down","retry_after":110}})"
                       "\n");
  advance(111s, 1s);
  answered = 1;
  answer_all();
  action_result result;
  asked.receive([&](action_outcome& x) { result = x.result; },
                [](caf::error& e) { ADD_FAILURE() << caf::to_string(e); });
  EXPECT_EQ(result.how, outcome::done) << result.error;
}

TEST_F(supervision, AReportNamesWhatEachPlatformCanDoOnceItIsDescribed) {
  start();
  ASSERT_EQ(report().platforms.size(), 2U);
  EXPECT_FALSE(report().platforms[0].described);
  handshake();
  EXPECT_TRUE(report().platforms[0].described);
  EXPECT_EQ(report().platforms[0].what.max_message_length, 2000U);
}

} // namespace
} // namespace relay::testing
