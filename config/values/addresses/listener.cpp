#include "relay_gateway/config/values/addresses/listener.hpp"

#include "relay_gateway/config/values/text.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <algorithm>
#include <charconv>

namespace relay::config {

namespace {

bool is_host_name(std::string_view host) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  if (host.empty() || host.size() > 253 || !std::all_of(host.begin(), host.end(), allowed)) return false;
  // A last label of digits only is a mistyped address (256.0.0.1, 127.1), which resolvers read in their own
  // ways.
  auto last = host.substr(host.rfind('.') == std::string_view::npos ? 0 : host.rfind('.') + 1);
  return !last.empty() && !std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host(std::string_view host, bool brackets) {
  if (brackets) return boost::urls::parse_ipv6_address(host).has_value();
  return boost::urls::parse_ipv4_address(host).has_value() || is_host_name(host);
}

} // namespace

parsed<listener> parse_listener(std::string_view text) {
  auto bad = [] {
    return parsed<listener>::bad("is not host:port (an IPv6 host in brackets; port 0 to 65535)");
  };
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  auto host = text.substr(0, colon), port = text.substr(colon + 1);
  listener result;
  auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), result.port);
  if (fault != std::errc{} || end != port.data() + port.size()) return bad();
  bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!is_host(host, brackets)) return bad();
  result.host = host;
  return parsed<listener>::good(std::move(result));
}

bool is_loopback(std::string_view host) {
  if (lowered(host) == "localhost") return true;
  if (auto v4 = boost::urls::parse_ipv4_address(host)) return v4->is_loopback();
  auto v6 = boost::urls::parse_ipv6_address(host);
  if (!v6) return false;
  return v6->is_loopback() || (v6->is_v4_mapped() && v6->to_bytes()[12] == 127);
}

std::string to_string(const listener& x) {
  auto host = x.host.find(':') == std::string::npos ? x.host : "[" + x.host + "]";
  return host + ":" + std::to_string(x.port);
}

} // namespace relay::config
