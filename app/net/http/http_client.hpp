// The HTTP port on Beast, TLS and proxies included.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/net/client_options.hpp"

#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::net {

/// HTTP/1.1 calls, one connection each, never following a redirect. A 2xx body beyond `max_body` is an error
/// (half an answer would be taken for a whole one); any other answer keeps its status and has its body cut.
std::shared_ptr<http_port> make_http_port(boost::asio::io_context& io, const client_options& what,
                                          std::string& error);

} // namespace relay::net
