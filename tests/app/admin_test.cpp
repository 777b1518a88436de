// The admin listener as a client sees it, in front of a supervisor that does as the test says.
#include "relay_gateway/app/admin/server.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/tests/app/raw_http.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace relay {
namespace {

using app_test::raw_call;
using app_test::raw_headers;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// What the supervisor is to say, and what it was told.
struct script {
  gateway_report report;
  action_result outcome = action_result::success();
  dead_letter_answer dead_letters;
  std::atomic<bool> silent = false; ///< answers no question

  void told(std::string what) {
    {
      std::lock_guard held{lock};
      heard.push_back(std::move(what));
    }
    changed.notify_all();
  }
  bool wait_for(const std::string& what) {
    std::unique_lock held{lock};
    return changed.wait_for(held, std::chrono::seconds{20},
                            [&] { return std::find(heard.begin(), heard.end(), what) != heard.end(); });
  }
  std::mutex lock;
  std::condition_variable changed;
  std::vector<std::string> heard;
};

supervisor_actor::behavior_type fake_supervisor(supervisor_actor::pointer self,
                                                const std::shared_ptr<script>& say) {
  return {
      [](const agent_declaration&) {},
      [say](command x) { say->told(to_string(x)); },
      [](const settings_ptr&) {},
      [](reload_request) -> caf::result<reload_outcome> { return reload_outcome{}; },
      [](const agent_change&) {},
      [self, say](atom::status) -> caf::result<gateway_report> {
        if (say->silent) return self->make_response_promise<gateway_report>();
        return say->report;
      },
      [say](const store_health&) {},
      [self, say](const dormancy_order&) -> caf::result<dormancy_outcome> {
        say->told("sleep");
        if (say->silent) return self->make_response_promise<dormancy_outcome>();
        return dormancy_outcome{};
      },
      [](const dormancy_outcome&) {},
      [](atom::look, std::uint64_t) {},
      [self, say](const dead_letter_ask& x) -> caf::result<dead_letter_answer> {
        say->told("dlq " + std::to_string(static_cast<int>(x.what)) + " " + std::to_string(x.seq));
        if (say->silent) return self->make_response_promise<dead_letter_answer>();
        return say->dead_letters;
      },
      [self, say](action_request& x) -> caf::result<action_outcome> {
        say->told("action " + x.platform + " " + x.request_id + " " + x.act.content);
        if (say->silent) return self->make_response_promise<action_outcome>();
        return action_outcome{x.request_id, say->outcome};
      },
      [](const credentials_decided&) {},
      [](const platform_progress&) {},
      [](const policy_progress&) {},
      [](const http_done&) {},
      [](const link_status&) {},
      [](const link_up&) {},
      [](atom::drained) {},
      [](atom::due, std::uint64_t) {},
      [](atom::start, const std::string&) {},
      [](atom::idle) {},
  };
}

link_agent_actor::behavior_type fake_agent(link_agent_actor::pointer, const std::shared_ptr<script>& say) {
  return {
      [](const agent_host&) {},
      [](const gateway_announcement&) {},
      [](const delivery&) {},
      [](const delivery_withdrawn&) {},
      [](const action_outcome&) {},
      [](const turn_interrupt&) {},
      [](atom::finish) {},
      [](const burst<delivery>&) {},
      [](const burst<action_outcome>&) {},
      [say](agent_attached& x) {
        say->told("attached " + std::to_string(x.peer));
        x.socket->close(1000, "that was all", milliseconds{1'000});
      },
      [](const agent_said&) {},
      [say](const agent_detached& x) { say->told("detached " + std::to_string(x.peer)); },
  };
}

struct actor_setup : caf::actor_system_config {
  actor_setup() {
    register_messages(*this);
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{1});
  }
};

class Admin : public ::testing::Test {
protected:
  ~Admin() override {
    if (listener) io.run([this] { listener.reset(); });
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(agent, caf::exit_reason::user_shutdown);
  }

  void listen(admin::listener_options what = {}, bool attach = true) {
    std::string error;
    listener = admin::listen(io.context(), std::move(what), {&counts, &beats, nullptr}, error);
    ASSERT_TRUE(listener) << error;
    if (!attach) return;
    admin::target target{{system, supervisor}, {}, {}, {}, action_limit, milliseconds{20'000}, "memory"};
    if (with_agent) target.agents = [this] { return agent; };
    target.reload = [this](const std::function<void(admin::reload_answer)>& done) { done(reload); };
    target.drain = [this] { say->told("drain hook"); };
    io.run([&] { listener->attach(std::move(target)); });
  }
  int get(const std::string& path, const raw_headers& headers = {}) {
    return raw_call(listener->port(), "GET", path, headers).status;
  }
  app_test::raw_answer post_action(const std::string& body) {
    return raw_call(listener->port(), "POST", "/v1/actions", {}, body);
  }

  std::shared_ptr<script> say = std::make_shared<script>();
  actor_setup setup;
  net::io_thread io;
  caf::actor_system system{setup};
  supervisor_actor supervisor = system.spawn(fake_supervisor, say);
  link_agent_actor agent = system.spawn(fake_agent, say);
  metrics counts;
  liveness_monitor beats;
  admin::reload_answer reload{true, {}};
  milliseconds action_limit{20'000};
  bool with_agent = true;
  std::unique_ptr<admin::server> listener;
};

const char* const good_action =
    R"({"platform":"discord","request_id":"r1","action":{"op":"send","chat_id":"c","content":"hi"}})";

TEST_F(Admin, HealthNeedsNoSupervisor) {
  say->silent = true;
  listen();
  EXPECT_EQ(get("/livez"), 200);
  EXPECT_EQ(get("/healthz"), 200);
}

TEST_F(Admin, AHungThreadIsNotAlive) {
  auto hung = beats.add("hung", std::chrono::steady_clock::now() - std::chrono::seconds{20});
  listen();
  auto answer = raw_call(listener->port(), "GET", "/livez");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("the hung thread"));
}

TEST_F(Admin, ReadinessFollowsTheLink) {
  say->report.link = {link_phase::waiting, "refused", 1};
  say->report.started = true;
  listen();
  auto answer = raw_call(listener->port(), "GET", "/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, R"({"state":"waiting","reason":"refused"})");
  EXPECT_EQ(get("/startupz"), 200);
}

TEST_F(Admin, ReadyWhenConnected) {
  say->report.link.phase = link_phase::connected;
  listen();
  EXPECT_EQ(raw_call(listener->port(), "GET", "/readyz").body, R"({"state":"connected"})");
  EXPECT_EQ(get("/startupz"), 503);
}

TEST_F(Admin, WhatWasSetAsideIsListedShownTriedAgainAndDropped) {
  inbound_event event;
  event.source.platform = "discord";
  event.source.chat_id = "c";
  event.raw = "{}";
  say->dead_letters = {true, {{12, "dabc-12", event_ref{event}, 5, 1'000}}};
  listen();
  EXPECT_THAT(raw_call(listener->port(), "GET", "/v1/dlq").body, HasSubstr(R"("id":"dabc-12")"));
  EXPECT_TRUE(say->wait_for("dlq 0 0"));
  EXPECT_EQ(get("/v1/dlq?id=dabc-12"), 200);
  EXPECT_EQ(get("/v1/dlq?id=dabc-11"), 404) << "the next one is not the one that was asked for";
  EXPECT_EQ(get("/v1/dlq?limit=x"), 400);
  EXPECT_EQ(raw_call(listener->port(), "POST", "/v1/dlq/retry", {}, R"({"id":"dabc-12"})").status, 200);
  EXPECT_TRUE(say->wait_for("dlq 1 12"));
  say->dead_letters = {};
  EXPECT_EQ(raw_call(listener->port(), "POST", "/v1/dlq/drop", {}, R"({"id":"dabc-13"})").status, 404);
  EXPECT_TRUE(say->wait_for("dlq 2 13"));
}

TEST_F(Admin, NotReadyWhileTheDiskRefuses) {
  say->report.link.phase = link_phase::connected;
  say->report.store = {false, "disk full"};
  listen();
  auto answer = raw_call(listener->port(), "GET", "/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("disk full"));
  EXPECT_THAT(raw_call(listener->port(), "GET", "/v1/status").body, HasSubstr(R"("store_ok":false)"));
}

TEST_F(Admin, ASilentSupervisorIsAnUnreadyGateway) {
  say->silent = true;
  listen();
  EXPECT_EQ(get("/readyz"), 503);
  EXPECT_EQ(get("/v1/status"), 503);
}

TEST_F(Admin, BeforeTheGatewayIsThere) {
  listen({}, false);
  EXPECT_EQ(get("/livez"), 200);
  EXPECT_EQ(get("/metrics"), 200);
  for (const char* path : {"/readyz", "/startupz", "/wake", "/v1/status"}) EXPECT_EQ(get(path), 503) << path;
}

TEST_F(Admin, StatusAndMetricsShowTheCounts) {
  counts.add(counter::dials, "start");
  listen();
  auto status = raw_call(listener->port(), "GET", "/v1/status");
  wire::json::document doc;
  ASSERT_TRUE(doc.parse(status.body));
  EXPECT_EQ(wire::json::id(*wire::json::object(doc.root(), "counters"), "dials.start"), "1");
  EXPECT_EQ(wire::json::text(doc.root(), "store"), "memory");
  EXPECT_EQ(status.header("Content-Type"), "application/json");
  auto text = raw_call(listener->port(), "GET", "/metrics");
  EXPECT_THAT(text.header("Content-Type"), HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(text.body, HasSubstr("relay_gateway_dials_total{cause=\"start\"} 1"));
}

TEST_F(Admin, CommandsReachTheSupervisor) {
  listen();
  EXPECT_EQ(get("/wake"), 204);
  EXPECT_TRUE(say->wait_for("wake"));
  EXPECT_EQ(raw_call(listener->port(), "POST", "/v1/dormant").status, 202);
  EXPECT_TRUE(say->wait_for("dormant"));
  EXPECT_EQ(raw_call(listener->port(), "POST", "/v1/drain").status, 202);
  EXPECT_TRUE(say->wait_for("drain hook"));
}

TEST_F(Admin, ReloadTellsItsProblems) {
  reload = {false, {"x.yaml:3: is \"bad\""}};
  listen();
  auto answer = raw_call(listener->port(), "POST", "/v1/reload");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body, R"({"accepted":false,"problems":["x.yaml:3: is \"bad\""]})");
}

TEST_F(Admin, MethodsAndPathsAreExact) {
  listen();
  for (const char* path : {"/v1/reload", "/v1/drain", "/v1/dormant", "/v1/actions"}) {
    auto answer = raw_call(listener->port(), "GET", path);
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_EQ(answer.header("Allow"), "POST") << path;
  }
  for (const char* path : {"/", "/livez", "/readyz", "/metrics", "/v1/status", "/wake", "/v1/agent"}) {
    auto answer = raw_call(listener->port(), "POST", path);
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_EQ(answer.header("Allow"), "GET, HEAD") << path;
  }
  auto none = raw_call(listener->port(), "GET", "/v1/statuses");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.body, R"({"error":"not found"})");
  EXPECT_EQ(raw_call(listener->port(), "HEAD", "/livez").status, 200);
  EXPECT_EQ(get("/v1/agent"), 426);
  EXPECT_THAT(say->heard, Not(Contains("drain hook")));
}

TEST_F(Admin, AnswersAreNotForOtherPages) {
  listen();
  for (const char* path : {"/", "/v1/status", "/nothing"}) {
    auto answer = raw_call(listener->port(), "GET", path);
    EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("default-src 'none'")) << path;
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answer.header("Cache-Control"), "no-store") << path;
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "") << path;
  }
}

TEST_F(Admin, ThePageRunsItsOwnScriptOnly) {
  listen();
  auto one = raw_call(listener->port(), "GET", "/"), two = raw_call(listener->port(), "GET", "/");
  auto policy = one.header("Content-Security-Policy");
  auto from = policy.find("'nonce-") + 7;
  auto nonce = policy.substr(from, policy.find('\'', from) - from);
  EXPECT_EQ(nonce.size(), 32U);
  EXPECT_THAT(one.body, HasSubstr("<script nonce=\"" + nonce + "\">"));
  EXPECT_THAT(two.header("Content-Security-Policy"), Not(HasSubstr(nonce)));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(one.body, Not(HasSubstr("innerHTML")));
  EXPECT_THAT(one.body, Not(HasSubstr("//cdn")));
}

TEST_F(Admin, OneShotSends) {
  listen();
  auto done = post_action(good_action);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.body, R"({"success":true})");
  EXPECT_TRUE(say->wait_for("action discord r1 hi"));
  say->outcome = action_result::failed("egress_declined", "no");
  EXPECT_EQ(post_action(good_action).status, 409);
  say->outcome = action_result::failed("not_connected", "nothing was sent");
  EXPECT_EQ(post_action(good_action).status, 503);
  say->outcome = action_result::ambiguous("lost");
  auto unknown = post_action(good_action);
  EXPECT_EQ(unknown.status, 504);
  EXPECT_THAT(unknown.body, HasSubstr(R"("ambiguous":true)"));
  auto bad = post_action(R"({"action":{"op":"send"}})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("\"error\":"));
}

TEST_F(Admin, AnActionWithoutAnOutcomeIsAmbiguous) {
  say->silent = true;
  action_limit = milliseconds{50};
  listen();
  auto answer = post_action(good_action);
  EXPECT_EQ(answer.status, 504);
  EXPECT_THAT(answer.body, HasSubstr(R"("ambiguous":true)"));
}

TEST_F(Admin, AgentsAttachByWebSocket) {
  listen();
  EXPECT_EQ(raw_call(listener->port(), "GET", "/v1/agent", app_test::upgrade_headers()).status, 101);
  EXPECT_TRUE(say->wait_for("attached 1"));
  EXPECT_TRUE(say->wait_for("detached 1"));
  EXPECT_EQ(raw_call(listener->port(), "GET", "/v1/status", app_test::upgrade_headers()).status, 404);
}

TEST_F(Admin, OnlyALinkAgentTakesAgents) {
  with_agent = false;
  listen();
  EXPECT_EQ(raw_call(listener->port(), "GET", "/v1/agent", app_test::upgrade_headers()).status, 409);
}

TEST_F(Admin, ForeignPagesAreRefusedEverywhere) {
  listen();
  const raw_headers foreign{{"Origin", "https://evil.example"}};
  for (const char* path : {"/livez", "/readyz", "/wake", "/v1/status", "/metrics", "/", "/nothing"})
    EXPECT_EQ(get(path, foreign), 403) << path;
  for (const char* path : {"/v1/drain", "/v1/reload", "/v1/dormant"})
    EXPECT_EQ(raw_call(listener->port(), "POST", path, foreign).status, 403) << path;
  EXPECT_EQ(raw_call(listener->port(), "GET", "/v1/agent", app_test::upgrade_headers(foreign)).status, 403);
  EXPECT_EQ(
      raw_call(listener->port(), "GET", "/v1/agent", app_test::upgrade_headers({{"Host", "evil.example"}}))
          .status,
      403);
  EXPECT_EQ(get("/v1/status", {{"Host", "evil.example"}}), 403);
  EXPECT_EQ(get("/livez", {{"Host", "10.0.0.7:9480"}}), 200);
  EXPECT_TRUE(say->heard.empty());
}

TEST_F(Admin, ElsewhereTheTokenIsNeeded) {
  say->report.link.phase = link_phase::connected;
  say->report.started = true;
  listen({"0.0.0.0", 0, secret{"t0k3n"}});
  for (const char* path : {"/livez", "/healthz", "/readyz", "/startupz"}) EXPECT_EQ(get(path), 200) << path;
  EXPECT_EQ(get("/wake"), 204);
  const raw_headers token{{"Authorization", "Bearer t0k3n"}};
  for (const char* path : {"/metrics", "/v1/status", "/"}) {
    auto answer = raw_call(listener->port(), "GET", path);
    EXPECT_EQ(answer.status, 401) << path;
    EXPECT_THAT(answer.header("WWW-Authenticate"), HasSubstr("Bearer")) << path;
    EXPECT_EQ(get(path, token), 200) << path;
  }
  EXPECT_EQ(get("/nothing"), 401);
  EXPECT_EQ(get("/nothing", token), 404);
  EXPECT_EQ(raw_call(listener->port(), "POST", "/v1/drain").status, 401);
  EXPECT_EQ(raw_call(listener->port(), "GET", "/v1/agent", app_test::upgrade_headers()).status, 401);
  EXPECT_EQ(raw_call(listener->port(), "GET", "/v1/agent", app_test::upgrade_headers(token)).status, 101);
  EXPECT_EQ(get("/v1/status", {{"Authorization", "Bearer t0k3m"}}), 401);
}

TEST_F(Admin, ANewTokenReplacesTheOldOne) {
  listen({"0.0.0.0", 0, secret{"old"}});
  io.run([this] { listener->use_tokens(secret{"new"}, {}); });
  EXPECT_EQ(get("/v1/status", {{"Authorization", "Bearer old"}}), 401);
  EXPECT_EQ(get("/v1/status", {{"Authorization", "Bearer new"}}), 200);
  io.run([this] { listener->use_tokens({}, {}); });
  EXPECT_EQ(get("/v1/status"), 401);
  EXPECT_EQ(get("/v1/status", {{"Authorization", "Bearer new"}}), 200);
}

TEST_F(Admin, AfterTheSupervisorIsGone) {
  listen();
  caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
  EXPECT_EQ(get("/readyz"), 503);
  EXPECT_EQ(get("/v1/status"), 503);
  EXPECT_EQ(get("/livez"), 200);
}

} // namespace
} // namespace relay
