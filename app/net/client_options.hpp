// How outgoing connections are made.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/config/settings.hpp"

#include <memory>
#include <string>

namespace relay::net {

struct client_options {
  config::tls_settings tls;
  config::proxy_settings proxy;
  std::string user_agent = "relay-gateway";     ///< explicit: some CDNs refuse a library's default (F67)
  std::shared_ptr<metrics_port> certificates{}; ///< hears until when the certificates of a dial are valid
};

} // namespace relay::net
