// How outgoing connections are made.
#pragma once

#include "relay_gateway/config/settings.hpp"

#include <string>

namespace relay::net {

struct client_options {
  config::tls_settings tls;
  config::proxy_settings proxy;
  std::string user_agent = "relay-gateway"; ///< explicit: some CDNs refuse a library's default (F67)
};

} // namespace relay::net
