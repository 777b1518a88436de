// Every setting with its names on the command line, in the environment and in the config file (settings.md).
// The one place where a name is written down: keys/ holds the entries and their order, this joins them.
#pragma once

#include "relay_gateway/config/keys/chats_keys.hpp"
#include "relay_gateway/config/keys/identity_keys.hpp"
#include "relay_gateway/config/keys/limits_keys.hpp"
#include "relay_gateway/config/keys/media_keys.hpp"
#include "relay_gateway/config/keys/nats_keys.hpp"
#include "relay_gateway/config/keys/openai_keys.hpp"
#include "relay_gateway/config/keys/relay_keys.hpp"
#include "relay_gateway/config/keys/service_keys.hpp"

#include <string>
#include <vector>

namespace relay::config {

/// All of keys::, in the order of settings.md.
const std::vector<entry>& catalogue();
/// The form on the command line: `--log-level`.
std::string flag_name(const std::string& flag);
/// Names known directly below `section` ("gateway", "gateway.tls", ...), sub-sections included.
std::vector<std::string> known_below(const std::string& section);

} // namespace relay::config
