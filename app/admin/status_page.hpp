// `GET /`: the status page for a person. One self-contained document that reads /v1/status every two seconds.
#pragma once

#include "relay_gateway/app/net/http/http_server.hpp"

namespace relay::admin {

/// The page with a Content-Security-Policy that allows nothing but its own style, its own script (by a nonce
/// that is new in each answer) and calls to the listener it came from. It shows what it is told as text only.
net::server_response status_page();

} // namespace relay::admin
