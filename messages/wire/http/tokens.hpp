// Upgrade tokens and delivery signatures (protocol.md 2). Thread-safe; time is an argument.
#pragma once

#include "relay_gateway/messages/credentials.hpp"
#include "relay_gateway/messages/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

/// Seconds that a minted token lives.
inline constexpr std::int64_t token_lifetime_s = 300;

/// A bearer for one dial or call: expires at `exp` (unix seconds; 0 = never).
secret mint_token(std::string_view gateway_id, const secret& key, std::int64_t exp);
/// The usual one: expires token_lifetime_s after `now` (unix seconds).
inline secret mint_token(const credentials& who, std::int64_t now) {
  return mint_token(who.gateway_id, who.key, now + token_lifetime_s);
}

enum class token_check : std::uint8_t { ok, malformed, bad_signature, expired };
/// Verifies a token against a rotation list, in constant time per key; `gateway_id` is set whenever the token
/// is well-formed. The id may hold colons.
token_check verify_token(std::string_view token, const std::vector<secret>& keys, std::int64_t now,
                         std::string& gateway_id);
/// Reads the id of a token without verifying it, so that a peer can look the keys up; empty when malformed.
std::string token_gateway_id(std::string_view token);

/// Lower-case hex HMAC-SHA256 of `"<ts>.<body>"`: the legacy `x-relay-signature`.
std::string sign_delivery(const secret& key, std::string_view timestamp, std::string_view body);
/// False when the signature is wrong or the timestamp is more than 300 s from `now`.
bool verify_delivery(const secret& key, std::string_view timestamp, std::string_view signature,
                     std::string_view body, std::int64_t now);

} // namespace relay::wire
