// The parts of `relay-gateway doctor` that ask the network. Each changes nothing: it provisions nothing and
// says no hello.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/commands/doctor/findings.hpp"
#include "relay_gateway/app/net/client.hpp"
#include "relay_gateway/config/settings.hpp"

#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::commands {

/// Names, addresses, proxy, TLS up to a server. `setting`: what names its URL, for what to do next.
findings probe_dial(boost::asio::io_context& io, const net::client_options& how, const std::string& dial_url,
                    milliseconds limit, const std::string& setting = "gateway.relay_url");
/// Compares clocks by a request without credentials.
finding check_clock(http_port& http, const clock_port& clock, const std::string& base_url,
                    milliseconds limit);
/// An upgrade, with a token when credentials are at hand. Waits a moment for a refusal, and closes.
finding check_upgrade(link_port& link, const clock_port& clock, const config::settings& from,
                      const std::string& dial_url);

} // namespace relay::commands
