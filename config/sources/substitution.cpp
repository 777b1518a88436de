#include "relay_gateway/config/sources/substitution.hpp"

#include <algorithm>

namespace relay::config {

namespace {

bool is_variable_name(std::string_view text) {
  auto letter = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

} // namespace

parsed<std::string> substituted(std::string_view text, const variable_lookup& variable) {
  using answer = parsed<std::string>;
  std::string result;
  while (true) {
    auto open = text.find("${");
    result += text.substr(0, open);
    if (open == std::string_view::npos) return answer::good(std::move(result));
    auto close = text.find('}', open);
    auto name =
        close == std::string_view::npos ? std::string_view{} : text.substr(open + 2, close - open - 2);
    // What stands there may be a password with these signs in it, so it is not repeated.
    if (!is_variable_name(name)) return answer::bad("has ${ without a variable's name and }");
    auto value = variable(std::string{name});
    if (!value) return answer::bad("refers to the variable " + std::string{name} + ", which is not set");
    result += *value;
    text.remove_prefix(close + 1);
  }
}

std::vector<std::string> variables_in(std::string_view text) {
  std::vector<std::string> names;
  substituted(text, [&](const std::string& name) {
    names.push_back(name);
    return std::optional<std::string>{""};
  });
  return names;
}

} // namespace relay::config
