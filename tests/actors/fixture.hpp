// One gateway's whole actor tree, unchanged, on virtual time; the test is the connector and may be the agent.
#pragma once

#include "relay_gateway/actors/agents/echo.hpp"
#include "relay_gateway/actors/agents/link_state.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"
#include "relay_gateway/tests/actors/fake_ports.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace relay::testing {

using namespace std::chrono_literals;

/// An agent that keeps what it gets and does what the test says.
struct scripted_agent {
  std::vector<delivery> deliveries;
  std::vector<action_outcome> outcomes;
  std::vector<turn_interrupt> interrupts;
  std::vector<std::string> withdrawn; ///< ids of deliveries
  std::vector<gateway_announcement> welcomes;
  std::size_t finished = 0, hosted = 0;
  bool ack = true;
  agent_host host;
  std::function<void(agent_actor::pointer)> on_host; ///< done when it is told whom to talk to
};
struct scripted_state {
  static inline const char* name = "agent-scripted";
};
inline agent_actor::behavior_type run_scripted(agent_actor::stateful_pointer<scripted_state> self,
                                               std::shared_ptr<scripted_agent> s) {
  return {
      [self, s](agent_host& x) {
        s->host = std::move(x);
        ++s->hosted;
        if (s->on_host) s->on_host(self);
      },
      [s](const gateway_announcement& x) { s->welcomes.push_back(x); },
      [self, s](const delivery& x) {
        s->deliveries.push_back(x);
        if (s->ack) tell(self, s->host.acks, delivery_ack{x.id});
      },
      [s](const delivery_withdrawn& x) {
        s->withdrawn.insert(s->withdrawn.end(), x.delivery_ids.begin(), x.delivery_ids.end());
      },
      [s](const action_outcome& x) { s->outcomes.push_back(x); },
      [s](const turn_interrupt& x) { s->interrupts.push_back(x); },
      [s](atom::finish) { ++s->finished; },
  };
}

class gateway_test : public ::testing::Test {
protected:
  struct config_t : caf::actor_system_config {
    config_t() {
      register_messages(*this);
      set("scheduler.policy", caf::atom("testing"));
    }
  };
  config_t cfg;
  caf::actor_system sys{cfg};
  caf::scheduler::test_coordinator& sched = dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  fake_ports env;
  config::settings settings;
  std::shared_ptr<scripted_agent> agent = std::make_shared<scripted_agent>();
  agent_actor agent_handle;
  supervisor_actor root;

  gateway_test() {
    sched.clock().current_time += 1h; // zero reads as "no time" in places
    settings.relay.url = "https://connector.example";
    settings.relay.identities = {{"discord", "app-1", ""}, {"telegram", "bot-2", ""}};
    settings.relay.gateway_id = "gw-test";
    settings.relay.gateway_secret = secret{"pinned-secret-value"};
  }
  ~gateway_test() override {
    if (root) caf::anon_send_exit(root, caf::exit_reason::kill);
    if (agent_handle) caf::anon_send_exit(agent_handle, caf::exit_reason::kill);
    sched.clock().cancel_all();
    settle();
    root = nullptr;
    agent_handle = nullptr;
    agent->host = {};
    agent.reset();
    settle();
  }

  void settle() { sched.run(); }
  /// In small steps: one big jump would fire a periodic timer once.
  void advance(milliseconds d, milliseconds step = 250ms) {
    for (; d.count() > 0; d -= step) {
      auto part = std::min(d, step);
      env.machine->wall += part.count();
      sched.advance_time(part);
      settle();
    }
  }

  /// A child of the supervisor, by the name that it has in its log events.
  caf::actor handle(const std::string& child) {
    auto* state = static_cast<caf::stateful_actor<supervisor_state, supervisor_actor::base>*>(
        caf::actor_cast<caf::abstract_actor*>(root));
    return state->state.actors.handle(child);
  }
  void kill(const std::string& child) {
    caf::anon_send_exit(handle(child), caf::exit_reason::kill);
    settle();
  }

  using router_type = caf::stateful_actor<egress_state, egress_router_actor::base>;
  router_type& router_itself() {
    return *static_cast<router_type*>(caf::actor_cast<caf::abstract_actor*>(handle("egress-router")));
  }
  egress_state& router() { return router_itself().state; }
  /// A step of this chat's queue throws.
  void break_chat(const chat_key& key) {
    core::chat_table_step step;
    router().chats.run(
        key, [](core::chat_queue&, core::chat_queue_step&) { throw std::runtime_error("a chat that fails"); },
        step);
    ASSERT_EQ(step.failed.size(), 1U) << "it has a queue";
    router_itself().context(nullptr); // what it sends goes by the scheduler: it is not running now
    router().handle([&] { router().execute(step); });
    settle();
  }

  enum class with { echo, scripted, link };
  void start(with kind = with::echo) {
    supervisor_setup setup;
    setup.settings = std::make_shared<const config::settings>(settings);
    auto all = env.all();
    if (kind == with::echo) {
      setup.agent_name = "echo";
      setup.make_agent = [this, all](caf::strong_actor_ptr parent) -> agent_actor {
        return sys.spawn(echo_agent, all, std::move(parent));
      };
    } else if (kind == with::link) {
      setup.agent_name = "link";
      setup.agent_present = false;
      setup.make_agent = [this, all](caf::strong_actor_ptr parent) -> agent_actor {
        link = sys.spawn(link_agent, all, std::uint64_t{1000}, std::move(parent));
        return link;
      };
    } else {
      agent_handle = sys.spawn(run_scripted, agent);
      setup.agent = agent_handle;
      setup.agent_name = "embedded";
    }
    root = sys.spawn(supervisor, all, std::move(setup));
    settle();
  }
  link_agent_actor link;

  static std::string
  descriptor_line(const std::string& platform, int max = 4096,
                  const std::string& ops = R"(["send","edit","typing","react","follow_up"])") {
    return R"({"type":"descriptor","descriptor":{"contract_version":1,"platform":")" + platform +
           R"(","max_message_length":)" + std::to_string(max) +
           R"(,"supports_edit":true,"len_unit":"chars","supported_ops":)" + ops + "}}\n";
  }
  static std::string event(const std::string& platform, const std::string& chat, const std::string& text,
                           const std::string& id, const std::string& buffer = {},
                           const std::string& extra = {}) {
    return R"({"type":"inbound","event":{"text":")" + text +
           R"(","message_type":"text","source":{"platform":")" + platform + R"(","chat_id":")" + chat +
           R"(","chat_type":"dm","user_id":"u-)" + chat + "\"" + extra + R"(},"message_id":")" + id + "\"}" +
           (buffer.empty() ? "" : R"(,"bufferId":")" + buffer + "\"") + "}\n";
  }
  /// Plays the handshake on the newest dial.
  void handshake() {
    env.link->last().accept();
    settle();
    env.link->last().say(descriptor_line("discord", 2000) + descriptor_line("telegram", 4096));
    settle();
  }
  /// Outbound frames of the newest dial, without the hellos.
  std::vector<std::string> sent() {
    std::vector<std::string> out;
    for (auto& x : env.link->last().written)
      if (x.find(R"("type":"outbound")") != std::string::npos) out.push_back(x);
    return out;
  }
  std::vector<std::string> acked() {
    std::vector<std::string> out;
    for (auto& x : env.link->last().written)
      if (x.find(R"("type":"inbound_ack")") != std::string::npos) out.push_back(x);
    return out;
  }
  static std::string field(const std::string& frame, const std::string& key) {
    auto at = frame.find("\"" + key + "\":\"");
    if (at == std::string::npos) return {};
    at += key.size() + 4;
    return frame.substr(at, frame.find('"', at) - at);
  }
  /// Answers every outbound frame that has no answer yet with success.
  void answer_all() {
    for (bool more = true; more;) {
      more = false;
      auto frames = sent();
      for (; answered < frames.size(); ++answered) {
        more = true;
        env.link->last().say(
            R"({"type":"outbound_result","requestId":")" + field(frames[answered], "requestId") +
            R"(","result":{"success":true,"message_id":"m)" + std::to_string(answered) + "\"}}\n");
      }
      settle();
    }
  }
  std::size_t answered = 0;
  link_phase phase() { return report().link.phase; }
  gateway_report report() {
    gateway_report out;
    caf::scoped_actor self{sys, true};
    auto asked = self->request(root, caf::infinite, atom::status_v);
    settle();
    asked.receive([&](gateway_report& x) { out = std::move(x); },
                  [&](caf::error& e) { ADD_FAILURE() << caf::to_string(e); });
    return out;
  }
  void ask(action_request x) {
    caf::send_as(agent_handle, agent->host.actions, std::move(x));
    settle();
  }
};

} // namespace relay::testing
