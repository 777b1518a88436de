// Ports whose proxy may not be usable: each dial fails with the reason. TLS files need no such care: they are
// read when they are needed (client_tls).
#pragma once

#include "relay_gateway/app/net/client.hpp"

#include <memory>

namespace relay::net {

/// Never null. While make_link_port() fails, every dial ends with its error.
std::shared_ptr<link_port> make_reloading_link_port(boost::asio::io_context& io, client_options what);
/// The same for calls: status 0 and the error.
std::shared_ptr<http_port> make_reloading_http_port(boost::asio::io_context& io, client_options what);

} // namespace relay::net
