// Every failure that travels as a caf::error, with one comment per value.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>

namespace relay {

enum class ec : std::uint8_t {
  none = 0,
  bad_config,         ///< a setting that cannot work; restarting does not help
  no_identity,        ///< no identity token can be had (none configured, or its source refused)
  provision_failed,   ///< the connector did not provision a platform
  policy_refused,     ///< the connector did not accept a relevance policy
  unreachable,        ///< no connection, or a time-out before anything was answered
  bad_answer,         ///< an answer that is not what the contract says
  credential_refused, ///< 4401 or 401: the upgrade token was not accepted
  link_lost,          ///< the socket ended
  handshake_timeout,  ///< no descriptor in time
  overloaded,         ///< a bound was reached; nothing was accepted
  unsupported,        ///< the destination platform does not advertise the op
  bad_action,         ///< an action that fails validation at the edge
  unknown_platform,   ///< the named platform is not fronted by this gateway
  stopping,           ///< the gateway is draining or stopped
  count_
};

inline constexpr const char* ec_names[] = {
    "none",        "bad_config",  "no_identity",        "provision_failed", "policy_refused",
    "unreachable", "bad_answer",  "credential_refused", "link_lost",        "handshake_timeout",
    "overloaded",  "unsupported", "bad_action",         "unknown_platform", "stopping"};
static_assert(std::size(ec_names) == static_cast<std::size_t>(ec::count_), "name every error code");

inline std::string to_string(ec x) {
  auto i = static_cast<std::size_t>(x);
  return i < std::size(ec_names) ? ec_names[i] : "unknown";
}

} // namespace relay
