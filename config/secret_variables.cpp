#include "relay_gateway/config/secret_variables.hpp"

#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/sources/substitution.hpp"

#include <utility>

namespace relay::config {

std::vector<std::string> secret_variables_in(const yaml_node& root) {
  std::vector<std::string> names;
  for (const auto& x : catalogue()) {
    if (!x.secret || !x.in_file) continue;
    auto node = root.at(x.key);
    if (!node.is(yaml_node::kind::scalar)) continue;
    for (auto& name : variables_in(node.text())) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> secret_variables_in(const std::string& text) {
  const auto document = parse_yaml(text);
  if (!document.fault.empty() || !document.root.is(yaml_node::kind::map)) return {};
  return secret_variables_in(document.root);
}

} // namespace relay::config
