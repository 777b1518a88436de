#include "relay_gateway/app/admin/access.hpp"

#include "relay_gateway/config/values/addresses/listener.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <algorithm>

namespace relay::admin {

namespace {

struct authority {
  std::string host, port;
};

/// `name:port`, `[v6]:port`, or without a port; an empty host when it is neither.
authority take_apart(std::string_view text) {
  authority result;
  auto name = text, rest = std::string_view{};
  if (!text.empty() && text.front() == '[') {
    auto end = text.find(']');
    if (end == std::string_view::npos) return {};
    name = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (auto colon = text.find(':'); colon != std::string_view::npos) {
    name = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (!rest.empty() && rest.front() != ':') return {};
  result.port = rest.empty() ? "" : rest.substr(1);
  if (!std::all_of(result.port.begin(), result.port.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return {};
  result.host = config::lowered(name);
  // `localhost.` is the same name, said in full.
  if (!result.host.empty() && result.host.back() == '.') result.host.pop_back();
  return result;
}

/// Whether a browser's Origin is the page that this very listener serves.
bool own_origin(std::string_view origin, const authority& host) {
  std::string_view rest = origin;
  std::string standard;
  if (rest.substr(0, 7) == "http://") {
    rest.remove_prefix(7);
    standard = "80";
  } else if (rest.substr(0, 8) == "https://") { // a proxy on this machine may speak TLS for us
    rest.remove_prefix(8);
    standard = "443";
  } else {
    return false; // `null` and everything else
  }
  auto from = take_apart(rest);
  auto port = [&](const authority& x) { return x.port.empty() ? standard : x.port; };
  return !from.host.empty() && config::is_loopback(from.host) && from.host == host.host &&
         port(from) == port(host);
}

/// What makes a browser send a request without an Origin: images, frames, links. Only opening the page is
/// harmless.
bool brought_by_another_site(const net::server_request& x) {
  auto site = x.header("Sec-Fetch-Site");
  if (site.empty() || site == "same-origin" || site == "none") return false;
  return x.path != "/" || x.header("Sec-Fetch-Dest") != "document";
}

/// Looks at every byte, so that the time taken tells nothing but the length.
bool same(std::string_view given, std::string_view wanted) {
  volatile unsigned char differs = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i)
    differs =
        static_cast<unsigned char>(differs | (given[i] ^ wanted[wanted.empty() ? 0 : i % wanted.size()]));
  return differs == 0;
}

bool has_token(const net::server_request& x, const secret& token) {
  if (token.empty()) return false;
  std::string_view given = x.header("Authorization");
  constexpr std::size_t scheme = 7; // "Bearer "
  if (given.size() <= scheme || config::lowered(given.substr(0, scheme)) != "bearer ") return false;
  return same(given.substr(scheme), token.reveal());
}

} // namespace

bool is_token(const access_rules& rules, std::string_view given) {
  const bool admin = !rules.token.empty() && same(given, rules.token.reveal());
  const bool reader = !rules.read_token.empty() && same(given, rules.read_token.reveal());
  return admin || reader;
}

bool same_origin(const net::server_request& x) {
  auto origin = x.header("Origin");
  if (origin.empty()) return true;
  const auto scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false; // `null`
  const auto from = take_apart(origin.substr(scheme + 3)), asked = take_apart(x.header("Host"));
  return !from.host.empty() && from.host == asked.host && from.port == asked.port;
}

verdict judge(const access_rules& rules, const net::server_request& x, right need, bool logged_in) {
  const bool open = need == right::open;
  if (!rules.loopback) {
    if (open || has_token(x, rules.token)) return verdict::allowed;
    if (!logged_in && !has_token(x, rules.read_token)) return verdict::no_token;
    return need == right::read ? verdict::allowed : verdict::read_only;
  }
  auto host = take_apart(x.header("Host"));
  // No browser leaves the Host header out, so its absence is not an attack.
  if (!open && !x.header("Host").empty() && !config::is_loopback(host.host)) return verdict::foreign_host;
  auto origin = x.header("Origin");
  if (!origin.empty() && !own_origin(origin, host)) return verdict::foreign_origin;
  return brought_by_another_site(x) ? verdict::foreign_origin : verdict::allowed;
}

net::server_response refusal(verdict x) {
  net::server_response out;
  switch (x) {
  case verdict::foreign_host:
    out.status = 403;
    out.body = R"({"error":"the Host header does not name this machine"})";
    break;
  case verdict::foreign_origin:
    out.status = 403;
    out.body = R"({"error":"asked by a page of another origin"})";
    break;
  case verdict::no_token:
    out.status = 401;
    out.body = R"({"error":"the admin token is needed"})";
    out.headers.emplace_back("WWW-Authenticate", R"(Bearer realm="relay-gateway")");
    break;
  case verdict::read_only:
    out.status = 403;
    out.body = R"({"error":"this token may only read; the admin token is needed"})";
    break;
  case verdict::allowed: break;
  }
  return out;
}

} // namespace relay::admin
