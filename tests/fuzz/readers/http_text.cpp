// The text of HTTP that is taken apart and written by hand: a request's target, an answer's head, proxies.
#include "relay_gateway/app/net/http/http_text.hpp"

#include "relay_gateway/app/net/dial/proxy.hpp"
#include "relay_gateway/config/values/addresses/urls.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace relay::fuzz {
namespace http_text_target {

using namespace net;

void target_of(std::string_view text) {
  server_request x;
  x.target = text;
  take_target_apart(x);
  require(x.path.size() <= text.size(), "decoding makes nothing longer");
  require(x.query.size() <= text.size(), "a query has as many items as it has");
  const bool plain = text.find_first_of("%?#") == std::string_view::npos;
  require(!plain || x.path == text, "a plain path stays");
  x.parameter("token");
}

/// One header of an answer, as a peer would read it: nothing can be smuggled behind it.
void answer_with(const std::string& name, const std::string& value, int status, bool head_only) {
  server_response x;
  x.status = status;
  x.content_type = value;
  x.body = value;
  x.headers = {{name, value}, {"X-Last", "end"}};
  const auto text = answer_text(x, true, head_only);
  const auto end = text.find("\r\n\r\n");
  require(end != std::string::npos, "a head ends");
  const std::string_view head = std::string_view{text}.substr(0, end);
  const auto body = std::string_view{text}.substr(end + 4);
  const bool bodiless = status == 204 || status == 304 || (status >= 100 && status < 200);
  require(body == (head_only || bodiless ? std::string{} : x.body), "the body is behind the head, whole");
  require(head.starts_with("HTTP/1.1 " + std::to_string(status) + " "), "the status comes first");
  std::size_t lines = 0;
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    ++lines;
    const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    require(line.find(": ") != std::string_view::npos && header_name_safe(line.substr(0, line.find(':'))) &&
                header_safe(line),
            "every line is one header");
  }
  require(lines <= 5, "no header becomes two");
}

void proxies(const std::string& url, std::string_view no_proxy, std::string_view there) {
  // As settings are: what is no URL of a proxy never comes here.
  const auto given = config::parse_url_setting(url, {{"http", "https"}, true});
  if (!given.value) return;
  config::proxy_settings settings;
  settings.http = settings.https = secret{*given.value};
  for (bytes in{no_proxy}; in.more();) settings.no_proxy.emplace_back(in.text(40));
  std::string error;
  const auto rules = proxy_rules::make(settings, error);
  require(rules.has_value() == error.empty(), "rules or an error");
  const auto where = wire::parse_url(there);
  if (!rules) {
    require_line(error);
    return;
  }
  if (!where.valid) return;
  const auto* through = rules->find(where);
  if (through == nullptr) return;
  require(!through->host.empty() && !through->port.empty(), "a proxy has an address");
  require(header_safe(through->authorization.reveal()), "a proxy's credential fits a header");
}

void run(std::string_view input) {
  bytes in{input};
  constexpr int statuses[] = {200, 202, 204, 304, 404, 503, 101, 599};
  const auto what = in.byte();
  const auto first = std::string{in.line()}, second = std::string{in.line()};
  target_of(first);
  answer_with(first, second, statuses[what % 8], (what & 8) != 0);
  const auto decoded = percent_decode(first, false);
  require(decoded.size() <= first.size(), "decoding makes nothing longer");
  require(equal_ignoring_case(first, second) == equal_ignoring_case(second, first), "equality has no order");
  const auto there = in.line();
  proxies(first, in.rest(), there);
}

const registration self{"http_text", run};

} // namespace http_text_target
} // namespace relay::fuzz
