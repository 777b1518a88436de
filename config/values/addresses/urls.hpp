// URLs in settings: which are good, and how they are shown. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace relay::config {

/// What a setting asks of its URL.
struct url_rule {
  std::vector<std::string_view> schemes;
  bool user_allowed = false;  ///< `user:password@`; elsewhere a credential would end up in logs
  bool query_allowed = false; ///< `?...`; a base URL has none
};

/// The URL without trailing slashes, when it has one of the schemes and a host.
parsed<std::string> parse_url_setting(std::string_view text, const url_rule& rule);
/// `text` with everything that may be a credential (user and password, query) as `***`.
std::string shown_url(std::string_view text);

} // namespace relay::config
