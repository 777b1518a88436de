// Answers that come in pieces: the HTTP stream port on Beast, TLS and proxies included.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/net/client_options.hpp"

#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay::net {

/// One connection each. Never null: a bad proxy fails each exchange with its reason.
std::shared_ptr<http_stream_port> make_stream_port(boost::asio::io_context& io, client_options what);

} // namespace relay::net
