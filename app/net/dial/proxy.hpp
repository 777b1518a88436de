// Which proxy, if any, a connection goes through. Private to app/net. Pure.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <optional>
#include <string>
#include <vector>

namespace relay::net {

struct proxy_address {
  std::string host, port;
  secret authorization; ///< of Proxy-Authorization; empty = none
  /// For messages: never with the credentials.
  std::string name() const { return host + ":" + port; }
};

/// https and wss go through HTTPS_PROXY, http and ws through HTTP_PROXY; what NO_PROXY names goes directly:
/// `*`, a host, a domain with all below it (`example.org`, `.example.org`, `*.example.org`), an address, a
/// network
/// (`10.0.0.0/8`), each but the first with an optional `:port`. Loopback is not exempt unless it is named.
class proxy_rules {
public:
  /// None, and one line in `error`, for a proxy that cannot be used: only plain `http://` ones can.
  static std::optional<proxy_rules> make(const config::proxy_settings& what, std::string& error);
  /// Null: directly.
  const proxy_address* find(const wire::endpoint& where) const;

private:
  bool exempt(const wire::endpoint& where) const;

  std::optional<proxy_address> https_, http_;
  std::vector<std::string> no_proxy_;
};

} // namespace relay::net
