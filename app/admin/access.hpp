// Who may ask what of the admin listener (agent-link.md, Admin endpoints). Pure.
#pragma once

#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/messages/secret.hpp"

namespace relay::admin {

struct access_rules {
  bool loopback = true; ///< the listener is reachable from this machine only
  secret token;         ///< needed elsewhere
};

enum class verdict : std::uint8_t {
  allowed,
  foreign_host,   ///< 403: the Host header names somebody else, as after a DNS rebinding
  foreign_origin, ///< 403: a page of another origin asks through this machine's browser
  no_token        ///< 401
};

/// `open`: the endpoint is one that probes and wakers use; it needs no token, and any Host header will do.
///
/// On loopback: no token. A browser on this machine is the way in for others, so a request with an Origin
/// that is not this very listener is refused, one without an Origin too when the browser says that another
/// site caused it (but for opening the status page), and the Host header must name this machine. Elsewhere:
/// the token, compared in constant time.
verdict judge(const access_rules& rules, const net::server_request& x, bool open);

/// The answer to a request that was not allowed.
net::server_response refusal(verdict x);

} // namespace relay::admin
