// What a child may know of this process's environment (config/README.md, `exec:`). Pure.
#pragma once

#include "relay_gateway/config/settings.hpp"

#include <string>
#include <vector>

namespace relay::child {

/// The NAME=value pairs of `mine` that go to a child: all but the gateway's own settings (GATEWAY_*, HERMES_*
/// except HERMES_HOME), proxies with a password in them, variables that a secret setting was made of, and
/// whatever holds one of the secrets as its value or in it.
std::vector<std::string> child_environment(const std::vector<std::string>& mine,
                                           const config::settings& settings);
/// This process's pairs, as they are now.
std::vector<std::string> own_environment();
/// The secrets that the settings hold, but for those too short to be told from ordinary text.
std::vector<secret> secrets_of(const config::settings& settings);

} // namespace relay::child
