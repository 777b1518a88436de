// Who may ask what of the admin listener (agent-link.md, Admin endpoints). Pure.
#pragma once

#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/messages/secret.hpp"

namespace relay::admin {

struct access_rules {
  bool loopback = true; ///< the listener is reachable from this machine only
  secret token;         ///< the admin token, needed elsewhere
  secret read_token{};  ///< may see and not command; empty: there is none
};

/// What an endpoint asks for.
enum class right : std::uint8_t {
  open, ///< probes and wakers use it: no token, and any Host header will do
  read, ///< shows something: either token, or a session of the login form
  admin ///< commands, and agents: the admin token
};

enum class verdict : std::uint8_t {
  allowed,
  foreign_host,   ///< 403: the Host header names somebody else, as after a DNS rebinding
  foreign_origin, ///< 403: a page of another origin asks through this machine's browser
  no_token,       ///< 401
  read_only       ///< 403: the read token, or a session, where the admin token is needed
};

/// Whether `x` may have what an endpoint that asks for `need` gives. `logged_in`: it shows a session of the
/// login form.
///
/// On loopback: no token. A browser on this machine is the way in for others, so a request with an Origin
/// that is not this very listener is refused, one without an Origin too when the browser says that another
/// site caused it (but for opening the status page), and the Host header must name this machine. Elsewhere:
/// the token, compared in constant time.
verdict judge(const access_rules& rules, const net::server_request& x, right need, bool logged_in = false);

/// Whether `given` is the admin token or the read token. Takes the same time for every wrong text of a
/// length.
bool is_token(const access_rules& rules, std::string_view given);

/// Whether a form was sent by a page of this very listener: a browser's Origin, where there is one, names the
/// Host that was asked.
bool same_origin(const net::server_request& x);

/// The answer to a request that was not allowed.
net::server_response refusal(verdict x);

} // namespace relay::admin
