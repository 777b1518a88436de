#include "relay_gateway/app/nodes/nodes.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/embedding/null_ports.hpp"
#include "relay_gateway/app/nodes/node_host.hpp"
#include "relay_gateway/app/nodes/node_hub.hpp"
#include "relay_gateway/app/system_ports.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/all.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <utility>

namespace relay {

namespace {

using namespace std::chrono_literals;

constexpr char heartbeat_key[] = "middleman.heartbeat-interval";
constexpr char time_out[] = "middleman.connection-timeout";

/// Why this system cannot have nodes; empty when it can.
std::string unfit(caf::actor_system& system, transport how) {
  const std::string mend =
      "; call relay::prepare_nodes() on the configuration before the actor system is made";
  if (!system.has_middleman()) return "the actor system has no middleman" + mend;
  const auto beat = caf::get_or(system.config(), heartbeat_key, caf::timespan{0});
  const auto limit = caf::get_or(system.config(), time_out, caf::timespan{0});
  // Without both a node that is frozen is never noticed, and keeps what it has.
  if (beat.count() <= 0 || limit <= beat)
    return std::string{heartbeat_key} + " and a longer " + time_out + " are not set" + mend;
  if (how == transport::plain) return {};
  if (!system.has_openssl_manager()) return "the actor system has no TLS" + mend;
  if (!system.openssl_manager().authentication_enabled())
    return "no certificate is configured, so anybody could connect; set openssl_certificate, openssl_key and "
           "openssl_cafile of the configuration";
  return {};
}

ports ports_of(std::shared_ptr<log_port> log) {
  ports out;
  out.log = log ? std::move(log) : std::make_shared<null_log>();
  out.metrics = std::make_shared<null_metrics>();
  out.random = make_system_random();
  return out;
}

template <class Handle>
void wait_for_end(caf::actor_system& system, const Handle& which) {
  caf::scoped_actor self{system};
  self->wait_for(which);
}

class hub_publication final : public agent_publication {
public:
  hub_publication(caf::actor_system& system, node_hub_actor hub, std::uint16_t port, transport how)
      : system_(system), hub_(std::move(hub)), port_(port), how_(how) {}
  hub_publication(const hub_publication&) = delete;
  hub_publication& operator=(const hub_publication&) = delete;
  ~hub_publication() override {
    // Not caf::openssl::unpublish(): in 0.17.6 it sends what its actor does not take.
    const auto& by = how_ == transport::tls ? system_.openssl_manager().actor_handle()
                                            : system_.middleman().actor_handle();
    caf::scoped_actor self{system_};
    self->request(by, 5s, caf::unpublish_atom::value, hub_.address(), port_)
        .receive([] {}, [](const caf::error&) {}); // the hub's end closes the port as well
    caf::anon_send_exit(hub_, caf::exit_reason::user_shutdown);
    wait_for_end(system_, hub_);
  }
  std::uint16_t port() const override { return port_; }

private:
  caf::actor_system& system_;
  node_hub_actor hub_;
  std::uint16_t port_;
  transport how_;
};

class host_attachment final : public agent_attachment {
public:
  host_attachment(caf::actor_system& system, node_host_actor host)
      : system_(system), host_(std::move(host)) {}
  host_attachment(const host_attachment&) = delete;
  host_attachment& operator=(const host_attachment&) = delete;
  ~host_attachment() override {
    post(host_, atom::finish_v);
    wait_for_end(system_, host_);
  }
  const node_host_actor& actor() const { return host_; }

private:
  caf::actor_system& system_;
  node_host_actor host_;
};

} // namespace

void prepare_nodes(caf::actor_system_config& config, transport how) {
  config.add_message_types<caf::id_block::relay_nodes>();
  config.load<caf::io::middleman>();
  if (how == transport::tls) config.load<caf::openssl::manager>();
  const auto set = [&config](caf::string_view key, caf::timespan value) {
    if (caf::get_or(config, key, caf::timespan{0}).count() <= 0) config.set(key, value);
  };
  set(heartbeat_key, 1s);
  set(time_out, 4s);
}

std::unique_ptr<agent_publication> publish_agents(caf::actor_system& system, gateway& of,
                                                  const publication_options& what, std::string& error) {
  error = unfit(system, what.how);
  if (!error.empty()) return nullptr;
  node_hub_setup setup;
  setup.agents = [&of] { return of.link_agent(); };
  setup.most_nodes = what.most_nodes;
  setup.max_line = what.max_line;
  // Apart from those that attach to the admin listener, which counts from 1.
  setup.first_peer = (ports_of(nullptr).random->bits() >> 16) << 16;
  auto hub = system.spawn(node_hub, ports_of(what.log), std::move(setup));
  const auto* address = what.address.empty() ? nullptr : what.address.c_str();
  auto port = what.how == transport::tls ? caf::openssl::publish(hub, what.port, address, true)
                                         : system.middleman().publish(hub, what.port, address, true);
  if (port) return std::make_unique<hub_publication>(system, std::move(hub), *port, what.how);
  error = "cannot listen for nodes on port " + std::to_string(what.port) + ": " + system.render(port.error());
  caf::anon_send_exit(hub, caf::exit_reason::user_shutdown);
  wait_for_end(system, hub);
  return nullptr;
}

std::unique_ptr<agent_attachment> attach_agent(caf::actor_system& system, attachment_options what,
                                               std::string& error) {
  error = unfit(system, what.how);
  if (error.empty() && !what.agent) error = "there is no agent to attach";
  if (!error.empty()) return nullptr;
  if (what.gateway.empty()) what.gateway = what.host + ":" + std::to_string(what.port);
  auto env = ports_of(what.log);
  auto host =
      std::make_unique<host_attachment>(system, system.spawn(node_host, std::move(env), std::move(what)));
  caf::scoped_actor self{system};
  bool attached = false;
  self->request(host->actor(), 20s, atom::status_v)
      .receive(
          [&](bool yes, std::string& why) {
            attached = yes;
            error = std::move(why);
          },
          [&](const caf::error& x) { error = system.render(x); });
  if (attached) return host;
  if (error.empty()) error = "the gateway did not answer in time";
  return nullptr;
}

} // namespace relay
