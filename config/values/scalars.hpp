// Strict booleans and plain counts. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <cstdint>
#include <string_view>

namespace relay::config {

/// true/yes/on/1 and false/no/off/0 in any case; anything else is an error, never "a non-empty string is
/// true" (F47).
parsed<bool> parse_boolean(std::string_view text);

/// A whole number, 1 or more.
parsed<std::uint64_t> parse_count(std::string_view text);

} // namespace relay::config
