// Where files lie: the config file, the home of the agent's files. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/resolve.hpp"

namespace relay::config {

/// $HOME, or empty.
std::string home_directory(const sources& from);
/// $HERMES_HOME, else ~/.hermes, without a trailing slash; empty when there is no home either.
std::string hermes_home(const sources& from);

/// `path` with a leading `~/` replaced by the home directory.
std::string expanded(const sources& from, const std::string& path);

struct config_location {
  std::string path;     ///< empty when there is nowhere to look
  bool by_flag = false; ///< named by --config, so it must exist
};
/// --config, else GATEWAY_CONFIG, else config.yaml in hermes_home().
config_location locate_config(const sources& from);
/// `name` in the directory of `path`.
std::string beside(const std::string& path, const std::string& name);

} // namespace relay::config
