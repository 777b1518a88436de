// The queue port over NATS JetStream by nats.c, which keeps threads of its own.
#pragma once

#include "relay_gateway/actors/queue_port.hpp"
#include "relay_gateway/config/settings.hpp"

#include <memory>
#include <string>

namespace relay::queue {

struct nats_options {
  std::string servers; ///< URLs, comma-separated
  config::nats_settings nats;
  config::tls_settings tls;
};

std::shared_ptr<queue_port> make_nats_port(nats_options what);

/// Tries the servers and credentials once: empty when a connection can be made, else one line without any
/// secret. Blocks, for some seconds at most.
std::string try_nats(const nats_options& what);
/// Of the library, for `version`.
std::string nats_library_version();

} // namespace relay::queue
