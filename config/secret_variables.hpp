// Which environment variables a config file's secrets are made of.
#pragma once

#include "relay_gateway/config/sources/yaml_tree.hpp"

#include <string>
#include <vector>

namespace relay::config {

/// Whatever the value of a secret refers to (`${NAME}`) is a secret, too, or a part of one. Names may repeat.
std::vector<std::string> secret_variables_in(const yaml_node& root);
/// The same of a file's text; none where it is no YAML.
std::vector<std::string> secret_variables_in(const std::string& text);

} // namespace relay::config
