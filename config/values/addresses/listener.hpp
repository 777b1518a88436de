// The address of the admin and link listener. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::config {

struct listener {
  std::string host; ///< a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;
};

/// `host:port`, an IPv6 host in brackets. Port 0 means: any free one.
parsed<listener> parse_listener(std::string_view text);
/// Whether only this machine can reach it: 127.0.0.0/8, ::1, their mapped forms, `localhost`.
bool is_loopback(std::string_view host);
/// The form that parse_listener() reads.
std::string to_string(const listener& x);

} // namespace relay::config
