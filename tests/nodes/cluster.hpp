// A gateway on one node and agents on others: actor systems of this process, joined over loopback with TLS.
#pragma once

#include "relay_gateway/app/nodes/nodes.hpp"
#include "relay_gateway/tests/embedding/host.hpp"
#include "relay_gateway/tests/net/certificates.hpp"

#include <memory>
#include <string>
#include <utility>

namespace relay::testing {

/// The configuration of a node whose certificate is of `of`; none when that is null.
struct node_config : host_config {
  explicit node_config(net_test::authority* of, transport how = transport::tls) {
    if (of != nullptr) {
      const auto mine = of->issue("DNS:localhost,IP:127.0.0.1");
      openssl_certificate = mine.cert_file;
      openssl_key = mine.key_file;
      openssl_cafile = of->ca_file();
    }
    prepare_nodes(*this, how);
  }
};

/// One node beside the gateway's: a system, and an agent that signs what it says.
class agent_node {
public:
  explicit agent_node(const std::string& signature, net_test::authority* of, transport how = transport::tls)
      : config_(of, how), system_(config_), how_(how), agent_(system_.spawn(host_agent, signature)) {}
  agent_node(const agent_node&) = delete;
  agent_node& operator=(const agent_node&) = delete;
  ~agent_node() {
    attachment_.reset();
    caf::anon_send_exit(agent_, caf::exit_reason::user_shutdown);
  }
  /// Empty when it is attached, else why not.
  std::string attach(std::uint16_t port, std::shared_ptr<log_port> log = nullptr) {
    attachment_options what;
    what.host = "127.0.0.1";
    what.port = port;
    what.how = how_;
    what.agent = agent_;
    what.name = "node";
    what.backoff_min = std::chrono::milliseconds{50};
    what.log = std::move(log);
    std::string error;
    attachment_ = attach_agent(system_, std::move(what), error);
    return attachment_ ? std::string{} : error;
  }
  void detach() { attachment_.reset(); }
  caf::actor_system& system() { return system_; }
  const agent_actor& agent() const { return agent_; }

private:
  node_config config_;
  caf::actor_system system_;
  transport how_;
  agent_actor agent_;
  std::unique_ptr<agent_attachment> attachment_;
};

class cluster : public embedding {
protected:
  net_test::authority ca;
  std::unique_ptr<node_config> node_cfg;
  std::unique_ptr<caf::actor_system> node;
  std::unique_ptr<gateway> relay;
  std::unique_ptr<agent_publication> hub;

  /// A gateway on a node of its own, with the agent link and a hub.
  void begin(transport how = transport::tls) {
    node_cfg = std::make_unique<node_config>(how == transport::tls ? &ca : nullptr, how);
    node = std::make_unique<caf::actor_system>(*node_cfg);
    auto what = options("gw", "discord");
    what.settings.service.agent.kind = config::agent_kind::link;
    std::string error;
    relay = gateway::start(*node, std::move(what), error);
    ASSERT_TRUE(relay) << error;
    publish(how);
  }
  void publish(transport how = transport::tls) {
    publication_options what;
    what.how = how;
    what.log = log;
    std::string error;
    hub = publish_agents(*node, *relay, what, error);
    ASSERT_TRUE(hub) << error;
  }
  void TearDown() override {
    hub.reset();
    relay.reset();
    node.reset();
    embedding::TearDown();
  }
  void say(const std::string& chat, const std::string& text) {
    ASSERT_TRUE(peer->inject({.platform = "discord", .chat_id = chat, .text = text}));
  }
  /// The next thing that is said to the platform.
  std::string next_reply(std::uint64_t mark, std::chrono::seconds limit = 20s) {
    auto reply = peer->wait_for(connector::of_kind("outbound", "frame.platform", "discord"), limit, mark);
    return reply ? reply->at("frame.action.content") : "nothing was said";
  }
};

} // namespace relay::testing
