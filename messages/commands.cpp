#include "messages/commands.hpp"

#include "messages/wire/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

namespace relay {

namespace {

constexpr std::size_t longest_name = 32, longest_text = 100;
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

/// 1 to 100 code points.
bool is_text(std::string_view x) {
  if (!wire::is_utf8(x)) return false;
  const auto points = std::count_if(x.begin(), x.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return points >= 1 && points <= static_cast<std::ptrdiff_t>(longest_text);
}

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
const char* const bad_description = "description must be 1 to 100 characters";

std::string fault_of(const std::vector<command_option>& options, const std::string& path, int depth) {
  if (options.size() > most_command_options) return path + "options must be at most 25";
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto& x = options[i];
    const auto here = path + "options[" + std::to_string(i) + "].";
    if (!is_name(x.name)) return here + bad_name;
    if (!names.insert(x.name).second) return here + "name is taken by an option before it";
    if (!is_text(x.description)) return here + bad_description;
    const auto type = number_of(x.type);
    if (!x.type.empty() && type == 0) return here + "type must be one of Discord's, by word or by number";
    if (x.choices.size() > most_command_options) return here + "choices must be at most 25";
    for (std::size_t j = 0; j < x.choices.size(); ++j) {
      const auto& choice = x.choices[j];
      const auto there = here + "choices[" + std::to_string(j) + "].";
      if (!is_text(choice.name)) return there + "name must be 1 to 100 characters";
      if (choice.number ? !is_number(choice.value) : !is_text(choice.value))
        return there + "value must be 1 to 100 characters, or a number";
    }
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
  return fault_of(x.options, {}, 1);
}

bool has_number_choices(const std::string& option_type) {
  const auto type = number_of(option_type);
  return type == 4 || type == 10;
}

} // namespace relay
