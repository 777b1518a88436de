// Which agent answers: `link`, `echo`, `exec:<command line>`, `openai:<base URL>`, `nats:<URL>`. Thread-safe.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/parsed.hpp"

#include <string>
#include <string_view>

namespace relay::config {

/// Never throws. `nats://host` is read as `nats:nats://host`; several NATS servers are separated by commas.
parsed<agent_settings> parse_agent(std::string_view text);
/// The URLs alone, as the argument of a `nats:` agent.
parsed<agent_settings> parse_nats_servers(const std::string& text);
/// For the listing: an agent's URL without its credentials, a command line without its arguments, which may
/// hold one.
std::string shown_agent(const agent_settings& x);

} // namespace relay::config
