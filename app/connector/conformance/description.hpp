// How the gateway under test is started: what a developer writes down about it.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace relay::connector::conformance {

struct description {
  std::string name, command; ///< command: a line for /bin/sh
  std::string directory;     ///< where it is started; empty = where we are
  bool actions = false;      ///< its agent does what `/relay-action {...}` says (README.md)
  /// Added to the standard variables, or instead of one of that name. `${url}` and the like are replaced by
  /// what the standard variable would hold (README.md); an empty value leaves the variable out.
  std::map<std::string, std::string> environment;
  std::chrono::milliseconds start_limit{30'000};  ///< from its start to its first dial
  std::map<std::string, std::string> not_offered; ///< clause id -> why the gateway does not offer it
};

/// Reads a YAML (or JSON) file. False and one line in `error` when it is not a description: unknown keys,
/// unknown clauses and a missing command are told. `command` may stay empty when `needs_command` is false.
bool read_description(const std::string& path, bool needs_command, description& out, std::string& error);

/// The values behind the standard variables of one run; see standard_environment().
struct settings {
  std::string url, work_dir, access_token; ///< work_dir: also its HERMES_HOME, with the config.yaml
  std::vector<std::string> platforms;      ///< empty = the generic identity
  std::string gateway_id, secret;          ///< secret: pinned when not empty
  std::map<std::string, std::string> more; ///< further variables, by name
};

/// The bot id that a run gives to a platform.
std::string bot_id_of(const std::string& platform);

/// `NAME=value` for everything that the gateway is started with: the inherited environment without relay
/// settings, the standard variables of the contract, and those of the description.
std::vector<std::string> environment_of(const description& what, const settings& values);

} // namespace relay::connector::conformance
