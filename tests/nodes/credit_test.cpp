// How much may be on its way between two nodes, and what an agent hears when the other one goes: one end is
// played by the test.
#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/app/nodes/node_credit.hpp"
#include "relay_gateway/app/nodes/node_messages.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"
#include "relay_gateway/tests/nodes/cluster.hpp"

#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>

namespace relay::testing {
namespace {

/// What one end of a connection between nodes heard.
class heard_lines {
public:
  void lines(const std::vector<std::string>& x) {
    const std::lock_guard guard{lock_};
    all_.insert(all_.end(), x.begin(), x.end());
    changed_.notify_all();
  }
  void end(const std::string& why) {
    const std::lock_guard guard{lock_};
    why_ = why;
    changed_.notify_all();
  }
  bool wait_count(std::size_t n) {
    std::unique_lock guard{lock_};
    return changed_.wait_for(guard, 20s, [&] { return all_.size() >= n; });
  }
  std::string wait_end() {
    std::unique_lock guard{lock_};
    changed_.wait_for(guard, 20s, [&] { return !why_.empty(); });
    return why_;
  }
  std::size_t count(const std::string& part = {}) {
    const std::lock_guard guard{lock_};
    return static_cast<std::size_t>(
        std::count_if(all_.begin(), all_.end(), [&](auto& x) { return x.find(part) != std::string::npos; }));
  }

private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
  std::string why_;
};

/// An end that hears and says only what the test says.
node_end_actor::behavior_type quiet_end(std::shared_ptr<heard_lines> to) {
  return {
      [to](const node_lines& x) { to->lines(x.lines); },
      [](const node_taken&) {},
      [to](const node_end& x) { to->end(x.why); },
  };
}

/// A node of the test's own, with one end that is attached.
struct far_node {
  far_node() = default;
  far_node(const far_node&) = delete;
  far_node& operator=(const far_node&) = delete;
  ~far_node() { caf::anon_send_exit(end, caf::exit_reason::kill); }

  void attach(const std::string& name, std::uint16_t port) {
    auto hub = system.middleman().remote_actor<node_hub_actor>("127.0.0.1", port);
    ASSERT_TRUE(hub);
    caf::scoped_actor self{system};
    self->request(*hub, 10s, node_protocol, name, caf::actor_cast<caf::strong_actor_ptr>(end))
        .receive([&](std::uint32_t, const std::string&,
                     const caf::strong_actor_ptr& to) { peer = caf::actor_cast<node_end_actor>(to); },
                 [&](const caf::error& x) { ADD_FAILURE() << system.render(x); });
  }

  node_config config{nullptr, transport::plain};
  caf::actor_system system{config};
  std::shared_ptr<heard_lines> heard = std::make_shared<heard_lines>();
  node_end_actor end = system.spawn(quiet_end, heard);
  node_end_actor peer; ///< the gateway's end
};

/// A hub that takes one node and tells the test who that is.
struct far_gateway {
  std::shared_ptr<heard_lines> heard = std::make_shared<heard_lines>();
  node_end_actor end;
  std::mutex lock;
  std::condition_variable attached;
  node_end_actor node;
};
node_hub_actor::behavior_type far_hub(std::shared_ptr<far_gateway> of) {
  return {
      [of](std::uint32_t, const std::string&, const caf::strong_actor_ptr& node)
          -> caf::result<std::uint32_t, std::string, caf::strong_actor_ptr> {
        const std::lock_guard guard{of->lock};
        if (of->node) return {node_protocol, std::string{"one is enough"}, caf::strong_actor_ptr{}};
        of->node = caf::actor_cast<node_end_actor>(node);
        of->attached.notify_all();
        return {node_protocol, std::string{}, caf::actor_cast<caf::strong_actor_ptr>(of->end)};
      },
  };
}

/// An agent that says whom it may ask.
struct told_host {
  std::mutex lock;
  std::condition_variable changed;
  agent_host host;
};
agent_actor::behavior_type asking_agent(std::shared_ptr<told_host> to) {
  return {
      [to](agent_host& x) {
        const std::lock_guard guard{to->lock};
        to->host = std::move(x);
        to->changed.notify_all();
      },
      [](const gateway_announcement&) {},
      [](const delivery&) {},
      [](const delivery_withdrawn&) {},
      [](const action_outcome&) {},
      [](const turn_interrupt&) {},
      [](atom::finish) {},
  };
}

class node_credit : public ::testing::Test {
protected:
  node_config here_cfg{nullptr, transport::plain}, far_cfg{nullptr, transport::plain};
  caf::actor_system here{here_cfg}, far{far_cfg};
  std::shared_ptr<far_gateway> gateway = std::make_shared<far_gateway>();
  std::shared_ptr<told_host> told = std::make_shared<told_host>();
  std::unique_ptr<agent_attachment> attachment;
  node_hub_actor hub;
  agent_actor agent;

  void attach() {
    gateway->end = here.spawn(quiet_end, gateway->heard);
    hub = here.spawn(far_hub, gateway);
    const auto port = here.middleman().publish(hub, 0, "127.0.0.1", true);
    ASSERT_TRUE(port);
    agent = far.spawn(asking_agent, told);
    attachment_options what;
    what.host = "127.0.0.1";
    what.port = *port;
    what.how = transport::plain;
    what.agent = agent;
    what.name = "node";
    std::string error;
    attachment = attach_agent(far, std::move(what), error);
    ASSERT_TRUE(attachment) << error;
    std::unique_lock guard{told->lock};
    ASSERT_TRUE(told->changed.wait_for(guard, 20s, [&] { return told->host.actions != nullptr; }));
  }
  void TearDown() override {
    attachment.reset();
    told->host = {};
    caf::anon_send_exit(agent, caf::exit_reason::kill);
    caf::anon_send_exit(hub, caf::exit_reason::kill);
    caf::anon_send_exit(gateway->end, caf::exit_reason::kill);
    hub = nullptr;
    gateway->end = nullptr;
    gateway->node = nullptr;
    agent = nullptr;
  }
  void ask(caf::scoped_actor& by, const std::string& id) {
    by->send(told->host.actions, action_request{id, "discord", {}, wire::send("c", "hello")});
  }
  /// The next outcome: its request id, how it ended and its code.
  static std::string outcome_of(caf::scoped_actor& by) {
    std::string out = "none";
    by->receive(
        [&](const action_outcome& x) {
          out = x.request_id + " " + std::string{to_string(x.result.how)} + " " + x.result.code;
        },
        caf::after(20s) >> [] {});
    return out;
  }
};

TEST_F(node_credit, NoMoreIsOnItsWayThanTheGatewayTook) {
  attach();
  caf::scoped_actor by{far};
  constexpr std::size_t beyond = 7, all = 2 * most_untaken_lines + beyond;
  for (std::size_t i = 0; i < all; ++i) ask(by, std::to_string(i));
  std::size_t refused = 0;
  const auto hellos = [&] { return gateway->heard->count(R"("type":"hello")"); };
  ASSERT_TRUE(gateway->heard->wait_count(most_untaken_lines));
  // What neither is on its way nor may wait is refused, and only that.
  for (std::size_t i = 0; i < beyond + hellos(); ++i) {
    const auto how = outcome_of(by);
    ASSERT_NE(how.find(" overloaded"), std::string::npos) << how;
    ++refused;
  }
  EXPECT_EQ(gateway->heard->count(), most_untaken_lines) << "until the gateway takes some";
  caf::anon_send(gateway->node, node_taken{3});
  ASSERT_TRUE(gateway->heard->wait_count(most_untaken_lines + 3));
  caf::anon_send(gateway->node, node_taken{static_cast<std::uint32_t>(most_untaken_lines)});
  ASSERT_TRUE(gateway->heard->wait_count(2 * most_untaken_lines));
  EXPECT_EQ(gateway->heard->count(R"("type":"action")") + refused, all) << "each once";
}

TEST_F(node_credit, WhatHasNoOutcomeWhenTheGatewayGoesIsUnknown) {
  attach();
  caf::scoped_actor by{far};
  for (const auto* id : {"a", "b", "c"}) ask(by, id);
  ASSERT_TRUE(gateway->heard->wait_count(3 + gateway->heard->count(R"("type":"hello")")));
  caf::anon_send(
      gateway->node,
      node_lines{{R"({"type":"result","request_id":"b","result":{"success":true,"message_id":"7"}})"}});
  EXPECT_EQ(outcome_of(by), "b done ");
  caf::anon_send_exit(gateway->end, caf::exit_reason::kill);
  EXPECT_EQ(outcome_of(by).substr(0, 10), "a unknown ");
  EXPECT_EQ(outcome_of(by).substr(0, 10), "c unknown ");
  ask(by, "d");
  EXPECT_EQ(outcome_of(by), "d definite unavailable") << "nothing was sent: nobody is there";
}

TEST_F(cluster, ANodeThatTakesNothingIsGivenUp) {
  begin(transport::plain);
  far_node far;
  far.attach("silent", hub->port());
  ASSERT_TRUE(log->wait_for("agent.attached"));
  const auto link = relay->link_agent();
  for (std::size_t i = 0; i <= most_untaken_lines; ++i) {
    gateway_announcement again;
    again.gateway_id = "gw";
    caf::anon_send(link, std::move(again));
  }
  EXPECT_NE(far.heard->wait_end().find("it takes none"), std::string::npos);
  EXPECT_LE(far.heard->count(), most_untaken_lines);
  EXPECT_TRUE(log->wait_for("agent.detached"));
}

TEST_F(cluster, ANodeThatSaysMoreThanItMayIsGivenUp) {
  begin(transport::plain);
  far_node far;
  far.attach("loud", hub->port());
  caf::anon_send(far.peer,
                 node_lines{std::vector<std::string>(2 * most_untaken_lines + 1, R"({"type":"x"})")});
  EXPECT_NE(far.heard->wait_end().find("more than it has room for"), std::string::npos);
  EXPECT_TRUE(log->wait_for("agent.detached"));
}

} // namespace
} // namespace relay::testing
