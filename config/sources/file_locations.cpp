#include "relay_gateway/config/sources/file_locations.hpp"

#include "relay_gateway/config/values/text.hpp"

namespace relay::config {

namespace {

std::string variable(const sources& from, const char* name) {
  auto it = from.environment.find(name);
  return it == from.environment.end() ? std::string{} : trimmed(it->second);
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

} // namespace

std::string home_directory(const sources& from) { return without_slash(variable(from, "HOME")); }

std::string expanded(const sources& from, const std::string& path) {
  auto home = home_directory(from);
  return path.compare(0, 2, "~/") == 0 && !home.empty() ? home + path.substr(1) : path;
}

std::string hermes_home(const sources& from) {
  if (auto named = variable(from, "HERMES_HOME"); !named.empty()) return without_slash(expanded(from, named));
  auto home = home_directory(from);
  return home.empty() ? home : beside(home + "/", ".hermes");
}

config_location locate_config(const sources& from) {
  if (from.config_file)
    if (auto named = trimmed(*from.config_file); !named.empty()) return {expanded(from, named), true};
  if (auto named = variable(from, "GATEWAY_CONFIG"); !named.empty()) return {expanded(from, named), false};
  auto home = hermes_home(from);
  return {home.empty() ? home : beside(home + "/", "config.yaml"), false};
}

std::string beside(const std::string& path, const std::string& name) {
  auto slash = path.rfind('/');
  return slash == std::string::npos ? name
                                    : path.substr(0, path.find_last_not_of('/', slash) + 1) + "/" + name;
}

} // namespace relay::config
