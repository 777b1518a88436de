// The parts of `relay-gateway doctor`. Each changes nothing: it provisions nothing, renews no login, says no
// hello, writes nothing but a file of its own that it removes.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/commands/doctor/findings.hpp"
#include "relay_gateway/app/net/client.hpp"
#include "relay_gateway/config/resolve.hpp"

#include <cstdint>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::commands {

/// Names, addresses, proxy, TLS up to the connector.
findings survey_way(boost::asio::io_context& io, const net::client_options& how, const std::string& dial_url,
                    milliseconds limit);
/// Compares clocks by a request without credentials.
finding check_clock(http_port& http, const clock_port& clock, const std::string& base_url,
                    milliseconds limit);
/// Who may provision, or which credentials are pinned.
finding check_tokens(const ports& env, const config::settings& from);
/// An upgrade, with a token when credentials are at hand. Waits a moment for a refusal, and closes.
finding check_upgrade(link_port& link, const clock_port& clock, const config::settings& from,
                      const std::string& dial_url);
/// Whether the state directory can hold what is kept there, and is free. `running`: a gateway with these
/// settings runs here, so that it is its own.
finding check_state_dir(const std::string& path, bool running);
/// The process that holds a flock on this file, as /proc/locks of `table` tells; 0 = nobody. Looking takes no
/// lock that a gateway which starts right now would find taken.
std::uint64_t lock_holder(const std::string& table, std::uint64_t inode);

} // namespace relay::commands
