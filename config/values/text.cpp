#include "relay_gateway/config/values/text.hpp"

#include "relay_gateway/messages/wire/trimmed.hpp"

#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>

#include <algorithm>

namespace relay::config {

namespace {

bool is_control(char c) {
  auto u = static_cast<unsigned char>(c);
  return u < 0x20 || u == 0x7f;
}

/// Length of the UTF-8 sequence at the front of `text`, 0 when it is none.
std::size_t sequence_at(std::string_view text) {
  rapidjson::MemoryStream in{text.data(), text.size()};
  unsigned code = 0;
  return rapidjson::UTF8<>::Decode(in, &code) && in.Tell() <= text.size() ? in.Tell() : 0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

} // namespace

std::string trimmed(std::string_view text) { return std::string{wire::trimmed(text, " \t\r\n\v\f")}; }

std::string lowered(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string variable_form(std::string_view text) {
  std::string result{text};
  for (auto& c : result) {
    c = upper(c);
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) c = '_';
  }
  return result;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> result;
  while (true) {
    auto comma = text.find(',');
    if (auto item = trimmed(text.substr(0, comma)); !item.empty()) result.push_back(std::move(item));
    if (comma == std::string_view::npos) return result;
    text.remove_prefix(comma + 1);
  }
}

std::string joined(const std::vector<std::string>& items) {
  std::string result;
  for (const auto& item : items) result += (result.empty() ? "" : ", ") + item;
  return result;
}

std::string line_fault(std::string_view text) {
  // A line break inside a token or a name would end up in a header or forge a log line.
  if (std::any_of(text.begin(), text.end(), is_control))
    return "holds a line break or another control character";
  while (!text.empty()) {
    auto n = sequence_at(text);
    if (n == 0) return "is not UTF-8 text";
    text.remove_prefix(n);
  }
  return {};
}

std::string shown(std::string_view text, std::size_t at_most) {
  std::string result;
  while (!text.empty()) {
    auto n = sequence_at(text);
    if (result.size() + std::max<std::size_t>(n, 1) > at_most) return result + "...";
    if (n == 0 || is_control(text.front()))
      result += '?';
    else
      result += text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return result;
}

} // namespace relay::config
