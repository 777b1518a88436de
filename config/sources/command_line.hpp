// The command line of `exec:` as words. There is no shell: nothing is expanded, and `|`, `>`, `&`, `;`, `*`,
// `$` are ordinary characters. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relay::config {

/// Words are separated by blanks. 'single quotes' keep everything, "double quotes" everything but `\"` and
/// `\\`, a `\` outside of quotes the character behind it. Pieces without a blank between them are one word;
/// quotes alone are an empty one. Bad: an open quote, a `\` at the end, no word, an empty first word.
parsed<std::vector<std::string>> parse_command_line(std::string_view text);

} // namespace relay::config
