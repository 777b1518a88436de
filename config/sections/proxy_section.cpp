#include "relay_gateway/config/sections/proxy_section.hpp"

#include "relay_gateway/config/values/addresses/url_rules.hpp"

namespace relay::config {

namespace {

/// `host:port` without a scheme is an HTTP proxy, as every other program reads it.
parsed<secret> parse_proxy(const std::string& text) {
  auto url = parse_url_setting(text.find("://") == std::string::npos ? "http://" + text : text, proxy_rule);
  return url.value ? parsed<secret>::good(secret{*url.value}) : parsed<secret>::bad(url.reason);
}

secret read_proxy(reading& in, const entry& x) {
  return in.value(x, secret{}, parse_proxy, [](const secret& used) { return shown_url(used.reveal()); });
}

} // namespace

proxy_settings read_proxies(reading& in) {
  proxy_settings result;
  result.https = read_proxy(in, keys::https_proxy);
  result.http = read_proxy(in, keys::http_proxy);
  result.no_proxy = in.list(keys::no_proxy);
  return result;
}

} // namespace relay::config
