// Answers that the endpoints share. Pure.
#pragma once

#include "relay_gateway/app/admin/server.hpp"
#include "relay_gateway/app/net/http/http_server.hpp"

#include <string>
#include <string_view>

namespace relay::admin {

net::server_response json(int status, std::string body);
/// `{"error":"..."}`
net::server_response problem(int status, std::string_view why);
/// In the Prometheus text format.
net::server_response metrics_text(std::string body);
/// To another place, with a GET.
net::server_response moved(const std::string& where);
/// With the headers that no answer of the listener goes without.
net::server_response guarded(net::server_response x);

/// What a gateway of a fleet that does not run answers: its status as 200, anything else as 503.
net::server_response not_running(const fleet_member& x, std::string_view path);

} // namespace relay::admin
