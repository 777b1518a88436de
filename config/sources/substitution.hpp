// `${NAME}` inside a value of the config file. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::config {

/// Value of a variable, or nothing when it is unset or empty.
using variable_lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// `text` with each `${NAME}` replaced, once: what was put in is not looked at again. An unset variable, or
/// `${` without a name and `}`, is bad; the reason names the variable.
parsed<std::string> substituted(std::string_view text, const variable_lookup& variable);

/// The names that `text` refers to; those behind something bad are left out.
std::vector<std::string> variables_in(std::string_view text);

} // namespace relay::config
