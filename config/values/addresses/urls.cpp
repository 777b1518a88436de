#include "relay_gateway/config/values/addresses/urls.hpp"

#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace relay::config {

namespace {

std::string scheme_list(const url_rule& rule) {
  std::string result;
  for (auto scheme : rule.schemes) result += (result.empty() ? "" : ", ") + std::string{scheme};
  return result;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  return fault == std::errc{} && end == text.data() + text.size() && port != 0;
}

} // namespace

parsed<std::string> parse_url_setting(std::string_view text, const url_rule& rule) {
  using answer = parsed<std::string>;
  auto last = text.find_last_not_of('/');
  std::string stripped{text.substr(0, last == std::string_view::npos ? 0 : last + 1)};
  auto url = boost::urls::parse_uri(stripped);
  if (!url) return answer::bad("is not a URL (scheme://host...)");
  auto scheme = lowered(std::string_view{url->scheme().data(), url->scheme().size()});
  if (std::find(rule.schemes.begin(), rule.schemes.end(), scheme) == rule.schemes.end())
    return answer::bad("has another scheme than " + scheme_list(rule));
  if (url->encoded_host().empty()) return answer::bad("names no host");
  // Boost 1.81 takes `host:1x` for port 1 and a path `x`, and wraps a port that is too large.
  auto path = std::string_view{url->encoded_path().data(), url->encoded_path().size()};
  if (url->has_port() && !is_port({url->port().data(), url->port().size()}))
    return answer::bad("has a bad port");
  if (!path.empty() && path.front() != '/') return answer::bad("has a bad port");
  if (url->has_userinfo() && !rule.user_allowed)
    return answer::bad("carries a user or password, which a URL must not: it would show in logs");
  if (url->has_fragment()) return answer::bad("has a fragment (#...)");
  if (url->has_query() && !rule.query_allowed)
    return answer::bad("has a query (?...), which a base URL must not");
  // Whoever dials it reads it by stricter rules than a URL's: no percent-encoded or exotic host.
  auto web = scheme == "http" || scheme == "https" || scheme == "ws" || scheme == "wss";
  if (web && !url->has_userinfo() && !wire::parse_url(stripped).valid)
    return answer::bad(
        "has a host that cannot be dialled (letters, digits, - . _, or an IPv6 address in brackets)");
  return answer::good(std::move(stripped));
}

std::string shown_url(std::string_view text) {
  std::string result{text.substr(0, text.find('?'))};
  // Up to the last `@`, wherever it is: rather hide a piece of a path than show a piece of a password.
  if (auto at = result.rfind('@'); at != std::string::npos) {
    auto start = result.find_first_of(":@"); // behind any but a scheme's colon a password begins
    start = start < at && std::string_view{result}.substr(start).starts_with("://") ? start + 3 : 0;
    result.replace(start, at - start, "***");
  }
  return text.find('?') == std::string_view::npos ? result : result + "?***";
}

} // namespace relay::config
