#include "relay_gateway/messages/contract/commands.hpp"

#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

namespace relay {

namespace {

constexpr std::size_t longest_name = 32, longest_text = 100;
/// Of all names, descriptions and values of one command together.
constexpr std::size_t longest_command = 8'000;
constexpr int deepest = 3; // group, sub-command, parameter

/// Discord's option types by number, counted from 1.
constexpr std::array<std::string_view, 11> types{
    "sub_command", "sub_command_group", "string", "integer",   "boolean", "user", "channel",
    "role",        "mentionable",       "number", "attachment"};

/// The number of a type that was given as a word or as a number; 0 when it is none.
int number_of(std::string_view type) {
  int number = 0;
  const auto [end, error] = std::from_chars(type.data(), type.data() + type.size(), number);
  if (error == std::errc{} && end == type.data() + type.size() && !type.starts_with('0'))
    return number >= 1 && number <= static_cast<int>(types.size()) ? number : 0;
  const auto at = std::find(types.begin(), types.end(), type);
  return at == types.end() ? 0 : static_cast<int>(at - types.begin()) + 1;
}
bool is_group(int type) { return type == 1 || type == 2; }

bool is_name(std::string_view x) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !x.empty() && x.size() <= longest_name && std::all_of(x.begin(), x.end(), allowed);
}

/// Length as Discord counts it: a character beyond U+FFFF (a leading byte of 0xF0 or more) is two units.
std::size_t utf16_length(std::string_view x) {
  std::size_t units = 0;
  for (const char c : x)
    if ((c & 0xC0) != 0x80) units += static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1;
  return units;
}

/// 1 to 100 UTF-16 units.
bool is_text(std::string_view x) { return wire::is_utf8(x) && !x.empty() && utf16_length(x) <= longest_text; }

bool is_number(std::string_view x) {
  double number = 0;
  const auto [end, error] = std::from_chars(x.data(), x.data() + x.size(), number);
  // "inf" and "nan" are numbers to the library and not to JSON; so are ".5" and "5.".
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto first = x.starts_with('-') ? x.substr(1) : x;
  return error == std::errc{} && end == x.data() + x.size() && !first.empty() && digit(first.front()) &&
         digit(first.back()) && (first.size() < 2 || first.front() != '0' || !digit(first[1]));
}

const char* const bad_name = "name must be 1 to 32 of a-z 0-9 _ -";
const char* const bad_description = "description must be 1 to 100 characters (UTF-16 units)";

std::string fault_of(const command_choice& x, const std::string& path) {
  if (!is_text(x.name)) return path + "name must be 1 to 100 characters";
  if (x.number ? !is_number(x.value) : !is_text(x.value))
    return path + "value must be 1 to 100 characters, or a number";
  return {};
}

std::size_t length_of(const std::vector<command_option>& options) {
  std::size_t sum = 0;
  for (const auto& x : options) {
    sum += utf16_length(x.name) + utf16_length(x.description) + length_of(x.options);
    for (const auto& choice : x.choices) sum += utf16_length(choice.name) + utf16_length(choice.value);
  }
  return sum;
}

std::string fault_of(const std::vector<command_option>& options, const std::string& path, int depth) {
  if (options.size() > most_command_options) return path + "options must be at most 25";
  std::set<std::string_view> names;
  bool optional_before = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto& x = options[i];
    const auto here = path + "options[" + std::to_string(i) + "].";
    if (!is_name(x.name)) return here + bad_name;
    if (!names.insert(x.name).second) return here + "name is taken by an option before it";
    if (!is_text(x.description)) return here + bad_description;
    const auto type = number_of(x.type);
    if (!x.type.empty() && type == 0) return here + "type must be one of Discord's, by word or by number";
    if (x.required && optional_before) return here + "required must not follow an option that is not";
    optional_before = optional_before || !x.required;
    if (x.choices.size() > most_command_options) return here + "choices must be at most 25";
    for (std::size_t j = 0; j < x.choices.size(); ++j)
      if (auto fault = fault_of(x.choices[j], here + "choices[" + std::to_string(j) + "]."); !fault.empty())
        return fault;
    if (x.options.empty()) continue;
    if (!is_group(type) || depth == deepest) return here + "options are for sub-commands only";
    if (auto fault = fault_of(x.options, here, depth + 1); !fault.empty()) return fault;
  }
  return {};
}

} // namespace

std::string fault_of(const command_spec& x) {
  if (!is_name(x.name)) return bad_name;
  if (!is_text(x.description)) return bad_description;
  if (auto fault = fault_of(x.options, {}, 1); !fault.empty()) return fault;
  if (utf16_length(x.name) + utf16_length(x.description) + length_of(x.options) > longest_command)
    return "names, descriptions and values must be 8000 characters together at most";
  return {};
}

bool has_number_choices(const std::string& option_type) {
  const auto type = number_of(option_type);
  return type == 4 || type == 10;
}

} // namespace relay
