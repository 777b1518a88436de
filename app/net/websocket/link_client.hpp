// The link port on Beast, TLS and proxies included.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/net/client_options.hpp"

#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::net {

/// The dialler. Host names are verified, TLS 1.2 at least. TLS files are read at the first dial of a TLS URL
/// and again when they changed; a bad one fails the dial with its reason. On a bad proxy: null and one line
/// in `error`. `io` must outlive it and every socket; all call-backs come on its thread, never from inside a
/// call on a socket. A close frame without a code is told as 1005. What a proxy answers is never a
/// socket_end::http_status. The bytes given out are not checked for UTF-8 (F14).
std::shared_ptr<link_port> make_link_port(boost::asio::io_context& io, const client_options& what,
                                          std::string& error);

} // namespace relay::net
