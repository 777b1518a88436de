// `GET /`: the status page for a person. One self-contained document that reads /v1/status and /v1/log every
// two seconds; without scripts it shows the state at the moment it was asked for, as a table.
#pragma once

#include "relay_gateway/app/net/http/http_server.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::admin {

/// What the table shows: names and values, as text.
using page_rows = std::vector<std::pair<std::string, std::string>>;

/// The rows of a status as status_json() writes it: its plain members, then each platform's. Empty for
/// anything else.
page_rows rows_of(const std::string& status);

/// The page with a Content-Security-Policy that allows nothing but its own style, its own script (by a nonce
/// that is new in each answer) and calls to the listener it came from. It shows what it is told as text only.
/// `logged_in`: with a button to log out.
net::server_response status_page(const page_rows& now, bool logged_in);

/// The page of a fleet: each gateway's name, which links to its own page, and its state. It reloads itself.
net::server_response gateways_page(const page_rows& gateways, bool logged_in);

/// The form that takes the admin token or the read token; `problem` is shown above it. Status 401.
net::server_response login_page(std::string_view problem);

} // namespace relay::admin
