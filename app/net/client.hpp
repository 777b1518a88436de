// The outgoing side: link_port and http_port on Beast, TLS and proxies included.
#pragma once

#include "actors/ports.hpp"
#include "config/settings.hpp"

#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::net {

struct client_options {
  config::tls_settings tls;
  config::proxy_settings proxy;
  std::string user_agent = "relay-gateway"; ///< explicit: some CDNs refuse a library's default (F67)
};

/// The dialler. Host names are verified, TLS 1.2 at least. On bad TLS files: null and one line in `error`.
/// `io` must outlive it; all call-backs come on its thread.
std::shared_ptr<link_port> make_link_port(boost::asio::io_context& io, const client_options& what,
                                          std::string& error);
/// HTTP/1.1 calls, one connection each, never following a redirect.
std::shared_ptr<http_port> make_http_port(boost::asio::io_context& io, const client_options& what,
                                          std::string& error);

} // namespace relay::net
