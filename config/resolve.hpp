// From command line, environment and files to settings, with the source of every value (settings.md).
// Pure but for reading the files that it is told to read through `reader`.
#pragma once

#include "relay_gateway/config/settings.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay::config {

/// What a reader of files answers. Made from a text alone, or from nothing: then nobody knows why.
struct file_content {
  file_content(std::optional<std::string> content, std::string reason = {})
      : text(std::move(content)), why(std::move(reason)) {}
  file_content(std::string content) : text(std::move(content)) {}
  file_content(std::nullopt_t) {}

  std::optional<std::string> text; ///< unset when it cannot be read
  std::string why; ///< then in a few words, without the path: "Permission denied"; may be empty
};

/// What resolve() may look at. Tests give all of it; the process fills it from argv, environ and the disk.
struct sources {
  std::map<std::string, std::string> flags; ///< by setting key: agent, listen, state_dir, log.level, ...
  std::map<std::string, std::string> environment; ///< the process environment
  std::optional<std::string> config_file;         ///< --config
  std::string hostname;                           ///< empty when unknown
  /// The content of a file. One that throws cannot read it; what it says is the reason.
  std::function<file_content(const std::string& path)> reader;
  /// Whether there is such a file at all; tells "missing" from "not allowed". Optional.
  std::function<bool(const std::string& path)> exists;
  /// Whether users beside the owner and the group may read a file. Optional.
  std::function<bool(const std::string& path)> readable_by_others;
};

/// One thing that is wrong. `where` is `file:line`, a variable or a flag; `key` the setting's YAML path.
struct problem {
  std::string key, where, reason;
  std::string applied;        ///< what `run` does instead ("treated as empty", "default 30s kept", ...)
  bool fatal_for_run = false; ///< stops `run` with 78 too (missing --config file, unsafe listener)
  bool warning = false;       ///< worth a look, but nothing is wrong: `check` tells it and exits 0
};
std::string to_string(const problem& x);

/// One effective setting for a person; a secret's value is `***`.
struct effective {
  std::string key, value, source;
};

struct resolution {
  settings values;
  std::vector<effective> listing; ///< every setting, in the order of settings.md
  std::vector<problem> problems;
  std::string config_path; ///< the file that was looked for
  bool config_found = false;
  std::string config_fault; ///< why it was not found, where that is known
};

/// Never throws, never fails: a bad value is a problem and its rule is applied.
resolution resolve(const sources& from);

} // namespace relay::config
