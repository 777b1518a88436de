// Inputs for resolve(): variables, flags and files in memory.
#pragma once

#include "relay_gateway/config/fleet.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/config/resolve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace relay::config {

struct config_inputs {
  sources from;
  std::map<std::string, std::string> files;
  std::set<std::string> open_files; ///< those that every user may read

  config_inputs() {
    from.environment = {{"HOME", "/home/u"}};
    from.hostname = "box";
  }
  config_inputs& env(const std::string& name, const std::string& value) {
    from.environment[name] = value;
    return *this;
  }
  config_inputs& flag(const std::string& name, const std::string& value) {
    from.flags[name] = value;
    return *this;
  }
  config_inputs& yaml(const std::string& text) { return file("/home/u/.hermes/config.yaml", text); }
  config_inputs& dotenv(const std::string& text) { return file("/home/u/.hermes/.env", text); }
  config_inputs& file(const std::string& path, const std::string& text) {
    files[path] = text;
    return *this;
  }
  resolution resolved(resolution (*how)(const sources&) = resolve) const {
    auto x = from;
    x.reader = [this](const std::string& path) -> std::optional<std::string> {
      auto it = files.find(path);
      if (it == files.end()) return std::nullopt;
      return it->second;
    };
    x.readable_by_others = [this](const std::string& path) { return open_files.count(path) > 0; };
    return how(x);
  }
};

inline const char* const config_yaml = "/home/u/.hermes/config.yaml";
inline const char* const dot_env = "/home/u/.hermes/.env";

/// The row of the listing, or one that says that there is none.
inline effective row_of(const resolution& x, const std::string& key) {
  for (const auto& row : x.listing)
    if (row.key == key) return row;
  return {key, "NOT LISTED", ""};
}

/// All that a person or a program would see.
inline std::string everything_shown(const resolution& x) {
  return listing_text(x) + problems_text(x) + resolution_json(x) + problems_json(x);
}

/// The problem with this key, or one that says that there is none.
inline problem problem_of(const resolution& x, const std::string& key) {
  for (const auto& one : x.problems)
    if (one.key == key) return one;
  return {key, "NO PROBLEM", "", "", false};
}

} // namespace relay::config
