// What the connector gave this gateway to prove itself with (protocol.md 2).
#pragma once

#include "relay_gateway/messages/secret.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <string>

namespace relay {

/// One pair, never mixed from two sources. Travels between actors of one process only: it has no inspector.
struct credentials {
  std::string gateway_id;
  secret key;          ///< signs upgrade tokens
  secret delivery_key; ///< kept for the legacy delivery signature; may be empty
  std::string tenant;  ///< empty when unknown
  /// Whether an upgrade token can be minted.
  bool usable() const { return !gateway_id.empty() && !key.empty(); }
  friend bool operator==(const credentials&, const credentials&) = default;
};

} // namespace relay
