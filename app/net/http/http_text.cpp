#include "relay_gateway/app/net/http/http_text.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace relay::net {

namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

bool header_safe(std::string_view value) noexcept {
  return std::all_of(value.begin(), value.end(), [](char c) {
    auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7F) || u == '\t';
  });
}

bool header_name_safe(std::string_view name) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string percent_decode(std::string_view text, bool query) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      result += query && text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

namespace {

/// `%2F` stays as it is: it is a part of a segment, and decoded it would name another path.
std::string decoded_path(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto at = text.find('%');
    while (at != std::string_view::npos &&
           !(text.size() - at > 2 && text[at + 1] == '2' && lower(text[at + 2]) == 'f'))
      at = text.find('%', at + 1);
    result += percent_decode(text.substr(0, at), false);
    if (at == std::string_view::npos) break;
    result.append(text.substr(at, 3));
    text.remove_prefix(at + 3);
  }
  return result;
}

} // namespace

void take_target_apart(server_request& x) {
  std::string_view target = x.target;
  target = target.substr(0, target.find('#'));
  auto mark = target.find('?');
  x.path = decoded_path(target.substr(0, mark));
  if (mark == std::string_view::npos) return;
  for (auto rest = target.substr(mark + 1); !rest.empty();) {
    auto item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    if (item.empty()) continue;
    auto equals = item.find('=');
    auto value = equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1);
    x.query.emplace_back(percent_decode(item.substr(0, equals), true), percent_decode(value, true));
  }
}

std::string answer_text(const server_response& x, bool keep_alive, bool head_only) {
  namespace http = boost::beast::http;
  // Neither of these may carry a body (RFC 9110); sending one would be read as the next answer.
  auto bodiless = x.status == 204 || x.status == 304 || (x.status >= 100 && x.status < 200);
  std::string text = "HTTP/1.1 " + std::to_string(x.status) + ' ';
  auto reason = http::obsolete_reason(static_cast<http::status>(x.status));
  text.append(reason.data(), reason.size());
  text += "\r\n";
  auto add = [&text](std::string_view name, std::string_view value) {
    if (!header_name_safe(name) || !header_safe(value)) return;
    text.append(name).append(": ").append(value).append("\r\n");
  };
  if (!bodiless) {
    if (!x.body.empty() || head_only) add("Content-Type", x.content_type);
    add("Content-Length", std::to_string(x.body.size()));
  }
  for (const auto& [name, value] : x.headers) add(name, value);
  add("Connection", keep_alive ? "keep-alive" : "close");
  text += "\r\n";
  if (!bodiless && !head_only) text += x.body;
  return text;
}

server_response plain_error(int status, std::string_view why) {
  server_response x;
  x.status = status;
  x.body.append("{\"error\":\"").append(why).append("\"}");
  return x;
}

std::string http_date(std::int64_t unix_s) {
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto seconds = static_cast<std::time_t>(unix_s);
  std::tm at{};
  gmtime_r(&seconds, &at);
  std::array<char, 64> text{};
  auto n = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                         days[static_cast<std::size_t>(at.tm_wday)], at.tm_mday,
                         months[static_cast<std::size_t>(at.tm_mon)], at.tm_year + 1900, at.tm_hour,
                         at.tm_min, at.tm_sec);
  return n > 0 ? std::string{text.data()} : std::string{};
}

// -- server_request ---------------------------------------------------------------------------------

namespace {

std::string_view first(const std::vector<std::pair<std::string, std::string>>& from, std::string_view name,
                       bool any_case) {
  for (const auto& [key, value] : from)
    if (any_case ? equal_ignoring_case(key, name) : key == name) return value;
  return {};
}

} // namespace

std::string_view server_request::header(std::string_view name) const { return first(headers, name, true); }
std::string_view server_request::parameter(std::string_view name) const { return first(query, name, false); }

std::string form_value(std::string_view body, std::string_view name) {
  while (!body.empty()) {
    auto pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && percent_decode(pair.substr(0, equals), true) == name)
      return percent_decode(pair.substr(equals + 1), true);
  }
  return {};
}

} // namespace relay::net
