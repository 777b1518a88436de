// The parts of the embedding API for programs that want no actors and no log of their own kind; settings that
// cannot be used; what the process shares.
#include "relay_gateway/actors/agents/callback.hpp"
#include "relay_gateway/app/embedding/spdlog_log.hpp"
#include "relay_gateway/app/settings_source.hpp"
#include "relay_gateway/config/validate.hpp"
#include "relay_gateway/tests/embedding/host.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <atomic>
#include <fstream>
#include <future>
#include <malloc.h>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>

namespace relay::testing {
namespace {

class api : public embedding {
protected:
  static bool is_ready(const gateway_state& x) { return x.ready; }
};

TEST_F(api, ACallbackAgentAnswersAndLearnsTheOutcome) {
  std::promise<action_result> outcome;
  agent_callbacks calls;
  calls.on_event = [&](const delivery& x, const event_responder& to) {
    to.reply("you said " + x.event->text, [&](const action_result& y) { outcome.set_value(y); });
  };
  agents.push_back(make_callback_agent(system, calls, log));
  auto what = options("gw-a", "discord");
  what.agent = agents.back();
  auto a = start(std::move(what));
  ASSERT_TRUE(log->wait_state(is_ready));
  EXPECT_EQ(converse("discord", "hi"), (std::pair<std::string, std::string>{"you said hi", "bot-gw-a"}));
  auto known = outcome.get_future();
  ASSERT_EQ(known.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(known.get().how, outcome::done);
}

TEST_F(api, AnEventAtWhichTheCallbackThrowsComesAgain) {
  auto seen = std::make_shared<std::atomic<int>>(0);
  agent_callbacks calls;
  calls.on_event = [seen](const delivery&, const event_responder& to) {
    if (++*seen == 1) throw std::runtime_error{"not now"};
    to.reply("second time");
  };
  agents.push_back(make_callback_agent(system, calls, log));
  auto what = options("gw-a", "discord");
  what.agent = agents.back();
  what.settings.limits.agent_ack_timeout = 100ms;
  auto a = start(std::move(what));
  ASSERT_TRUE(log->wait_state(is_ready));
  EXPECT_EQ(converse("discord", "hi").first, "second time");
  EXPECT_TRUE(log->wait_for("agent.callback_failed"));
}

TEST_F(api, OneCallbackAgentServesTwoGateways) {
  agent_callbacks calls;
  calls.on_event = [](const delivery& x, const event_responder& to) { to.reply("for " + x.gateway); };
  agents.push_back(make_callback_agent(system, calls, log));
  auto one = options("gw-a", "discord"), two = options("gw-b", "telegram");
  one.agent = two.agent = agents.back();
  auto a = start(std::move(one)), b = start(std::move(two));
  ASSERT_TRUE(peer->wait_count(connector::of_kind("handshake"), 2, 20s));
  EXPECT_EQ(converse("telegram", "hi").first, "for gw-b");
  EXPECT_EQ(converse("discord", "hi").first, "for gw-a");
}

TEST_F(api, SettingsThatCannotBeUsedAreRefusedByTheirNames) {
  auto refusal = [&](auto spoil) {
    auto what = options("gw-a", "discord");
    what.settings.service.agent.kind = config::agent_kind::echo;
    spoil(what.settings);
    std::string error;
    EXPECT_FALSE(gateway::start(system, std::move(what), error));
    return error;
  };
  EXPECT_NE(refusal([](auto& x) { x.relay.url = "not a url"; }).find("gateway.relay_url"), std::string::npos);
  EXPECT_NE(refusal([](auto& x) { x.limits.max_pending = 0; }).find("gateway.limits.max_pending"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& x) { x.limits.http_timeout = -1ms; }).find("gateway.limits.http_timeout"),
            std::string::npos);
  EXPECT_NE(refusal([](auto& x) { x.service.grace = 0ms; }).find("gateway.grace"), std::string::npos);
}

TEST_F(api, AProgramReloadsFromASourceOfItsOwn) {
  auto what = options("gw-a", "discord");
  what.settings.service.agent.kind = config::agent_kind::echo;
  auto next = what.settings;
  next.relay.identities.push_back({"telegram", "bot-t", ""});
  what.source = make_settings_source([next] {
    config::resolution x;
    x.values = next;
    return x;
  });
  auto a = start(std::move(what));
  ASSERT_TRUE(log->wait_state(is_ready));
  std::promise<bool> accepted;
  a->reload([&](const reload_outcome* x) { accepted.set_value(x != nullptr && x->settings != nullptr); });
  auto done = accepted.get_future();
  ASSERT_EQ(done.wait_for(20s), std::future_status::ready);
  EXPECT_TRUE(done.get());
  ASSERT_TRUE(peer->wait_count(connector::of_kind("hello"), 2, 20s));
  EXPECT_EQ(converse("telegram", "hi"), (std::pair<std::string, std::string>{"hi", "bot-t"}));
}

TEST_F(api, ASourceThatThrowsIsARefusal) {
  auto what = options("gw-a", "discord");
  what.source =
      make_settings_source([]() -> config::resolution { throw std::runtime_error{"no such table"}; });
  auto a = start(std::move(what));
  std::promise<std::string> refused;
  a->reload([&](const reload_outcome* x) {
    refused.set_value(x != nullptr && !x->settings && !x->problems.empty() ? x->problems[0] : "");
  });
  auto done = refused.get_future();
  ASSERT_EQ(done.wait_for(20s), std::future_status::ready);
  EXPECT_NE(done.get().find("no such table"), std::string::npos);
}

TEST(spdlog_adapter, WritesOneLineForAnEvent) {
  std::ostringstream out;
  auto logger = std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_pattern("%l %v");
  spdlog_log log{logger};
  EXPECT_FALSE(log.wants(severity::debug));
  log.write(severity::debug, "not.wanted", {});
  log.write(severity::warn, "link.lost", {{"epoch", "3"}, {"why", "it said \"no\"\nand left"}});
  EXPECT_EQ(out.str(), "warning link.lost epoch=3 why=\"it said \\\"no\\\" and left\"\n");
}

/// Resident bytes of this process.
std::size_t resident() {
  std::ifstream in{"/proc/self/statm"};
  std::size_t total = 0, pages = 0;
  in >> total >> pages;
  return pages * 4096;
}

TEST(fleet, GatewaysOfOneProcessCostLittleEachAndStartAtOnce) {
  host_config cfg;
  caf::actor_system system{cfg};
  net::io_thread io; // outlives the gateways
  std::vector<std::unique_ptr<gateway>> all;
  auto add = [&](int n) {
    gateway_options what;
    // Nobody listens there: each start ends in a dial that is refused before any handshake.
    what.settings.relay.url = n % 2 == 0 ? "https://127.0.0.1:1" : "http://127.0.0.1:1";
    what.settings.relay.identities = {{"discord", "bot", ""}};
    what.settings.relay.gateway_id = "gw-" + std::to_string(n);
    what.settings.relay.gateway_secret = secret{"key"};
    what.settings.service.agent.kind = config::agent_kind::echo;
    what.io = &io.context();
    std::string error;
    all.push_back(gateway::start(system, std::move(what), error));
    ASSERT_TRUE(all.back()) << error;
  };
  for (int i = 0; i < 10; ++i) add(i);
  auto before = resident();
  auto begun = std::chrono::steady_clock::now();
  for (int i = 10; i < 110; ++i) add(i);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s) << "a CA store each would take far longer";
  EXPECT_LT(resident() - std::min(before, resident()), 100U * (512U << 10)) << "and 1.6 MiB each";
}

#ifndef __SANITIZE_ADDRESS__
/// Ends the process: with 7 when the start is refused with a reason.
[[noreturn]] void start_where_no_thread_can_be_made() {
  // Otherwise a thread of CAF that begins meanwhile maps 64 MiB for itself, and glibc ends a process that has
  // nothing left.
  ::mallopt(M_ARENA_MAX, 1);
  host_config cfg;
  caf::actor_system system{cfg};
  std::size_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> pages;
  rlimit limit{};
  limit.rlim_cur = limit.rlim_max = pages * 4096 + (1U << 20); // too little for the stack of another thread
  ::setrlimit(RLIMIT_AS, &limit);
  gateway_options what;
  what.settings.service.agent.kind = config::agent_kind::echo;
  std::string error;
  auto x = gateway::start(system, std::move(what), error);
  std::_Exit(!x && !error.empty() ? 7 : 1);
}

TEST(threads_of_a_gateway, NoThreadToBeHadIsAnErrorAndNoException) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(start_where_no_thread_can_be_made(), ::testing::ExitedWithCode(7), "");
}
#endif

} // namespace
} // namespace relay::testing
