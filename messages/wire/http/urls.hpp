// URL rules (protocol.md 1). Thread-safe, never throws.
#pragma once

#include <string>
#include <string_view>

namespace relay::wire {

/// Where a connector is reached. All empty when the base is not a URL of http, https, ws or wss with a host.
struct connector_urls {
  std::string dial;      ///< ws or wss, path ends in /relay
  std::string provision; ///< http or https, as are the others
  std::string policy, enroll, media;
  bool valid() const noexcept { return !dial.empty(); }
};
/// Derives every URL from the configured base; with or without a trailing `/` or `/relay`.
connector_urls derive_urls(std::string_view base);

/// A URL taken apart for dialling. `port` is filled from the scheme when absent.
struct endpoint {
  std::string scheme, host, port, target;
  bool tls = false, valid = false;
};
/// Accepts http, https, ws, wss only (F50). An IPv6 host comes without its brackets.
endpoint parse_url(std::string_view url);

/// Whether `url` lies under the connector's media store: same scheme, host, port and path prefix (F49).
bool is_own_media(std::string_view url, std::string_view media_base);

} // namespace relay::wire
