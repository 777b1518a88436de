// The outgoing side: link_port and http_port on Beast, TLS and proxies included.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/config/settings.hpp"

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

/// The dialler. Host names are verified, TLS 1.2 at least. TLS files are read at the first dial of a TLS URL
/// and again when they changed; a bad one fails the dial with its reason. On a bad proxy: null and one line
/// in `error`. `io` must outlive it and every socket; all call-backs come on its thread, never from inside a
/// call on a socket. A close frame without a code is told as 1005. What a proxy answers is never a
/// socket_end::http_status. The bytes given out are not checked for UTF-8 (F14).
std::shared_ptr<link_port> make_link_port(boost::asio::io_context& io, const client_options& what,
                                          std::string& error);
/// HTTP/1.1 calls, one connection each, never following a redirect. A 2xx body beyond `max_body` is an error
/// (half an answer would be taken for a whole one); any other answer keeps its status and has its body cut.
std::shared_ptr<http_port> make_http_port(boost::asio::io_context& io, const client_options& what,
                                          std::string& error);

/// Where attachments are kept: below the state directory, or below the system's one for temporary files.
std::string media_base(const std::string& state_dir);
/// Attachments: `base` is a directory that several gateways may share. Never
/// null: bad TLS files, or a directory that cannot be made, fail each transfer with their reason until they
/// are mended. What earlier processes left there is removed at once, what this one leaves at its end.
std::shared_ptr<media_port> make_media_port(boost::asio::io_context& io, client_options what,
                                            std::string base);

} // namespace relay::net
