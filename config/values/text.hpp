// The rules that every value shares before it gets a type (settings.md). Thread-safe, nothing here fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relay::config {

/// Without white space at both ends.
std::string trimmed(std::string_view text);
/// ASCII letters in lower case.
std::string lowered(std::string_view text);
/// ASCII letters in upper case and everything but letters and digits as `_`: the form of a variable's name.
std::string variable_form(std::string_view text);
/// Items of a comma-separated string, trimmed; empty ones are dropped.
std::vector<std::string> split_list(std::string_view text);
/// `items` joined with ", ".
std::string joined(const std::vector<std::string>& items);
/// Why `text` cannot be a one-line value (control characters, not UTF-8), or nothing when it can.
std::string line_fault(std::string_view text);
/// A name from a file, fit for a one-line message: bytes that cannot be shown become `?`, long ones are cut.
std::string shown(std::string_view text, std::size_t at_most = 200);

} // namespace relay::config
