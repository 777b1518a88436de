#include "relay_gateway/app/net/dial/proxy.hpp"

#include "relay_gateway/app/net/http/http_text.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>

namespace relay::net {

namespace ip = boost::asio::ip;
using boost::system::error_code;

namespace {

/// The error never shows the URL: it may hold a password.
std::optional<proxy_address> parse_proxy(std::string_view url, std::string_view variable,
                                         std::string& error) {
  std::string_view scheme = "http";
  if (auto mark = url.find("://"); mark != std::string_view::npos) {
    scheme = url.substr(0, mark);
    url.remove_prefix(mark + 3);
  }
  if (!equal_ignoring_case(scheme, "http")) {
    error.append(variable).append(": only http:// proxies can be used, not ").append(scheme).append("://");
    return std::nullopt;
  }
  url = url.substr(0, url.find_first_of("/?#"));
  proxy_address result;
  if (auto at = url.rfind('@'); at != std::string_view::npos) {
    auto user = url.substr(0, at);
    url.remove_prefix(at + 1);
    auto colon = user.find(':');
    auto name = percent_decode(user.substr(0, colon), false);
    secret both(name + ":" +
                (colon == std::string_view::npos ? "" : percent_decode(user.substr(colon + 1), false)));
    result.authorization = secret("Basic " + wire::base64_encode(both.reveal()));
  }
  auto where = wire::parse_url("http://" + std::string(url));
  if (!where.valid) {
    error.append(variable).append(" is not the URL of a proxy");
    return std::nullopt;
  }
  result.host = where.host;
  result.port = where.port;
  return result;
}

bool in_network(const ip::address& address, const std::string& text) {
  error_code ec;
  if (address.is_v4()) {
    auto network = ip::make_network_v4(text, ec);
    return !ec &&
           ip::make_network_v4(address.to_v4(), network.prefix_length()).network() == network.network();
  }
  auto network = ip::make_network_v6(text, ec);
  return !ec && ip::make_network_v6(address.to_v6(), network.prefix_length()).network() == network.network();
}

bool below(std::string_view host, std::string_view domain) {
  if (host.size() > domain.size())
    return host[host.size() - domain.size() - 1] == '.' &&
           equal_ignoring_case(host.substr(host.size() - domain.size()), domain);
  return equal_ignoring_case(host, domain);
}

} // namespace

std::optional<proxy_rules> proxy_rules::make(const config::proxy_settings& what, std::string& error) {
  proxy_rules result;
  if (what.https && !(result.https_ = parse_proxy(what.https.reveal(), "HTTPS_PROXY", error)))
    return std::nullopt;
  if (what.http && !(result.http_ = parse_proxy(what.http.reveal(), "HTTP_PROXY", error)))
    return std::nullopt;
  result.no_proxy_ = what.no_proxy;
  return result;
}

const proxy_address* proxy_rules::find(const wire::endpoint& where) const {
  const auto& proxy = where.tls ? https_ : http_;
  return proxy && !exempt(where) ? &*proxy : nullptr;
}

bool proxy_rules::exempt(const wire::endpoint& where) const {
  error_code no_address;
  auto address = ip::make_address(where.host, no_address);
  return std::any_of(no_proxy_.begin(), no_proxy_.end(), [&](std::string_view entry) {
    if (entry == "*") return true;
    if (entry.find('/') != std::string_view::npos)
      return !no_address && in_network(address, std::string(entry));
    // `host:port`, `[v6]:port` or `[v6]`; an IPv6 address without brackets has more than one colon.
    auto colon = entry.rfind(':');
    auto bracket = entry.rfind(']');
    auto has_port = colon != std::string_view::npos &&
                    (bracket != std::string_view::npos ? colon > bracket : entry.find(':') == colon);
    if (has_port) {
      if (entry.substr(colon + 1) != where.port) return false;
      entry = entry.substr(0, colon);
    }
    if (entry.size() > 2 && entry.front() == '[' && entry.back() == ']')
      entry = entry.substr(1, entry.size() - 2);
    error_code no_entry_address;
    auto named = ip::make_address(std::string(entry), no_entry_address);
    if (!no_entry_address) return !no_address && named == address;
    if (entry.substr(0, 2) == "*.") entry.remove_prefix(2);
    if (!entry.empty() && entry.front() == '.') entry.remove_prefix(1);
    return !entry.empty() && no_address && below(where.host, entry);
  });
}

} // namespace relay::net
