#include "relay_gateway/config/unknown_variables.hpp"

#include "relay_gateway/config/values/nearest.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace relay::config {

namespace {

constexpr std::string_view ours = "GATEWAY_";

/// Variables of the catalogue with their file forms, and those that only commands read.
std::vector<std::string> known_variables() {
  std::vector<std::string> result{"GATEWAY_CONFIG", "GATEWAY_RELAY_ENROLL_TOKEN"};
  for (const auto& x : catalogue()) {
    if (*x.variable == '\0') continue;
    result.emplace_back(x.variable);
    if (x.secret && x.in_file) result.push_back(std::string{x.variable} + "_FILE");
  }
  return result;
}

/// Kubernetes gives each pod variables of every service: of one called `gateway`, GATEWAY_SERVICE_HOST,
/// GATEWAY_PORT_80_TCP and more.
std::vector<std::string> service_prefixes(const std::map<std::string, std::string>& environment) {
  constexpr std::string_view mark = "_SERVICE_HOST";
  std::vector<std::string> result;
  for (const auto& [name, value] : environment)
    if (name.size() > mark.size() && name.compare(name.size() - mark.size(), mark.size(), mark) == 0)
      result.push_back(name.substr(0, name.size() - mark.size()));
  return result;
}

bool of_a_service(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& x) {
    return name.compare(0, x.size() + 9, x + "_SERVICE_") == 0 ||
           name.compare(0, x.size() + 5, x + "_PORT") == 0;
  });
}

} // namespace

void check_unknown_variables(reading& in) {
  const auto known = known_variables();
  const auto services = service_prefixes(in.from().environment);
  auto check = [&](const std::string& name, const std::string& where) {
    if (name.compare(0, ours.size(), ours) != 0 || of_a_service(name, services)) return;
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const auto close = nearest(name, known);
    in.warn(shown(name, 60), where, "is a variable that names no setting; did you mean " + close.key + "?",
            "ignored");
  };
  for (const auto& [name, value] : in.from().environment) check(name, shown(name, 60));
  for (const auto& [name, value] : in.at().env_file().values)
    check(name, in.at().env_path() + ":" + std::to_string(value.line));
}

} // namespace relay::config
