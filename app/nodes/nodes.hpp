// Agents on other nodes of a CAF cluster, for programs that embed gateways. The gateway's node publishes a
// hub, other nodes dial in and attach an agent_actor of their own: it gets deliveries and says acks, actions
// and interrupts as if it were beside the gateway.
//
// Whoever may connect reaches the whole node, not only the hub: CAF lets peers look actors up and, where
// types are announced for it, spawn them. Use transport::tls with a CA of the cluster's own.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/app/gateway.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace relay {

/// tls: both ends show a certificate of a CA that the other one knows (the configuration's
/// openssl_certificate, openssl_key and openssl_cafile). plain: for loopback and networks that are safe
/// otherwise.
enum class transport { tls, plain };

/// Makes `config` fit for nodes: loads CAF's middleman, and its TLS for transport::tls, and makes frozen
/// peers be noticed (heartbeats each second, given up after four; what is set already counts). Call it beside
/// register_messages(), before the actor system is made.
void prepare_nodes(caf::actor_system_config& config, transport how);

struct publication_options {
  std::uint16_t port = 0;            ///< 0: one that is free
  std::string address = "127.0.0.1"; ///< to listen on; empty: all
  transport how = transport::tls;
  std::size_t most_nodes = 1'000;       ///< that may be attached at a time; further ones are refused
  std::uint64_t max_line = 16ULL << 20; ///< bytes of one frame; longer ones are refused
  std::shared_ptr<log_port> log{};      ///< null: nowhere
};

/// A hub that is published until this object goes. It must go before its gateway; that waits for the hub's
/// end (blocking, never on a thread of the actor system).
class agent_publication {
public:
  virtual ~agent_publication() = default;
  /// Where it listens.
  virtual std::uint16_t port() const = 0;
};

/// Lets nodes attach agents to `of`, whose agent is `link`. Null and one line in `error` when the actor
/// system was not made for it (prepare_nodes()), shows no certificate, or the port cannot be had. Blocking.
std::unique_ptr<agent_publication> publish_agents(caf::actor_system& system, gateway& of,
                                                  const publication_options& what, std::string& error);

/// How an attached agent stands.
struct node_state {
  bool attached = false;
  std::string why{}; ///< not empty unless attached
};

struct attachment_options {
  std::string host;
  std::uint16_t port = 0;
  transport how = transport::tls;
  agent_actor agent; ///< stays the program's own; when it dies, the attachment ends
  /// What the agent is known by: its request ids are its own, also over reconnects. Unique among the agents
  /// of a gateway.
  std::string name;
  std::string gateway{}; ///< agent_host::gateway, what the agent knows the gateway by; empty: host:port
  milliseconds backoff_min{500}, backoff_max{30'000};
  std::shared_ptr<log_port> log{}; ///< null: nowhere
  /// Called at each change, on some thread of the system, one call at a time. Must not block.
  std::function<void(const node_state&)> on_state{};
};

/// An agent that is attached to a gateway on another node until this object goes; a connection that is lost
/// is made again with backoff. What the agent asked for and has no outcome by then is unknown (ambiguous).
class agent_attachment {
public:
  /// Detaches; what the agent had goes to another one (blocking, never on a thread of the actor system).
  virtual ~agent_attachment() = default;
};

/// Attaches an agent to the gateway that listens at host and port. Null and one line in `error` when the
/// system was not made for it, nobody answers there, or the gateway refuses it: another version, another
/// interface, a certificate that one of them does not trust. Blocking, 15 s at most.
std::unique_ptr<agent_attachment> attach_agent(caf::actor_system& system, attachment_options what,
                                               std::string& error);

} // namespace relay
