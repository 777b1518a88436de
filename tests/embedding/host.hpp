// What an embedding program has around its gateways: an actor system, a connector to talk to, agents, a log.
#pragma once

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/gateway.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/stateful_actor.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace relay::testing {

using namespace std::chrono_literals;

/// The host application's configuration: its own types would be registered here, too.
struct host_config : caf::actor_system_config {
  host_config() {
    register_messages(*this);
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
  }
};

struct host_agent_state {
  static inline const char* name = "host-agent";
  std::map<std::string, agent_host> hosts; ///< by the name of their gateway
};
/// What an embedding program writes: an agent that answers with its own name in front, through the gateway
/// that the event came from. The text "die" kills it.
inline agent_actor::behavior_type host_agent(agent_actor::stateful_pointer<host_agent_state> self,
                                             std::string signature) {
  auto* s = &self->state;
  return {
      [s](agent_host& x) { s->hosts[x.gateway] = std::move(x); },
      [](const gateway_announcement&) {},
      [self, s, signature](const delivery& x) {
        if (x.event->text == "die") return self->quit(caf::exit_reason::unhandled_exception);
        auto& host = s->hosts[x.gateway];
        tell(self, host.actions,
             action_request{x.id, {}, x.id, wire::send(x.event->source.chat_id, signature + x.event->text)});
        tell(self, host.acks, delivery_ack{x.id});
      },
      [](const delivery_withdrawn&) {},
      [](const action_outcome&) {},
      [](const turn_interrupt&) {},
      [](atom::finish) {},
  };
}

/// Keeps what is written, and what is told about the state; lets a test wait for it.
class host_log final : public log_port {
public:
  bool wants(severity) const noexcept override { return true; }
  void write(severity, std::string_view id, std::initializer_list<log_field>) noexcept override {
    std::lock_guard guard{lock_};
    ids_.emplace_back(id);
    changed_.notify_all();
  }
  void state(const gateway_state& x) {
    std::lock_guard guard{lock_};
    states_.push_back(x);
    changed_.notify_all();
  }
  bool wait_for(const std::string& id) {
    return wait([&] { return std::find(ids_.begin(), ids_.end(), id) != ids_.end(); }, 20s);
  }
  /// Until that was written so often.
  bool wait_for(const std::string& id, std::ptrdiff_t times) {
    return wait([&] { return std::count(ids_.begin(), ids_.end(), id) >= times; }, 20s);
  }
  template <class Condition>
  bool wait_state(Condition that, milliseconds limit = 20s) {
    return wait([&] { return !states_.empty() && that(states_.back()); }, limit);
  }
  gateway_state last() {
    std::lock_guard guard{lock_};
    return states_.empty() ? gateway_state{} : states_.back();
  }

private:
  template <class Condition>
  bool wait(Condition that, milliseconds limit) {
    std::unique_lock guard{lock_};
    return changed_.wait_for(guard, limit, that);
  }
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::string> ids_;
  std::vector<gateway_state> states_;
};

class embedding : public ::testing::Test {
protected:
  host_config cfg;
  std::unique_ptr<caf::actor_system> system_owner = std::make_unique<caf::actor_system>(cfg);
  caf::actor_system& system = *system_owner;
  net::io_thread connector_io;
  std::unique_ptr<connector::stand_in> peer;
  std::shared_ptr<host_log> log = std::make_shared<host_log>();
  std::vector<agent_actor> agents;

  void SetUp() override {
    std::string error;
    peer = connector::start(connector_io.context(), {}, error);
    ASSERT_TRUE(peer) << error;
  }
  void TearDown() override {
    end_agents();
    peer.reset();
  }
  void end_agents() {
    for (auto& x : agents) caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    agents.clear();
  }
  agent_actor new_agent(const std::string& signature) {
    agents.push_back(system.spawn(host_agent, signature));
    return agents.back();
  }
  /// A pinned gateway that fronts `platform`, without an agent.
  gateway_options options(const std::string& id, const std::string& platform) {
    auto key = secret{"key-of-" + id};
    peer->add_gateway(id, key);
    gateway_options what;
    what.settings.relay.url = peer->base_url();
    what.settings.relay.identities = {{platform, "bot-" + id, ""}};
    what.settings.relay.gateway_id = id;
    what.settings.relay.gateway_secret = key;
    what.log = log;
    what.on_state = [to = log](const gateway_state& x) { to->state(x); };
    return what;
  }
  std::unique_ptr<gateway> start(gateway_options what) {
    std::string error;
    auto out = gateway::start(system, std::move(what), error);
    EXPECT_TRUE(out) << error;
    return out;
  }
  std::unique_ptr<gateway> start(const std::string& id, const std::string& platform) {
    auto what = options(id, platform);
    what.agent = new_agent(id + ": ");
    return start(std::move(what));
  }
  /// Says something to `platform` and gives the answer's text and bot.
  std::pair<std::string, std::string> converse(const std::string& platform, const std::string& text) {
    auto mark = peer->mark();
    auto said = peer->inject({.platform = platform, .chat_id = "c1", .text = text});
    EXPECT_TRUE(said) << said.error;
    auto reply = peer->wait_for(connector::of_kind("outbound", "frame.platform", platform), 20s, mark);
    if (!reply) return {};
    return {reply->at("frame.action.content"), reply->at("frame.botId")};
  }
};

} // namespace relay::testing
