// Bodies of the HTTP calls to the connector (protocol.md 2), both directions. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/policy.hpp"
#include "relay_gateway/messages/credentials.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

struct provision_request {
  std::string gateway_id, platform, bot_id, gateway_endpoint;
  std::vector<std::string> route_keys;
  std::string instance_id, wake_url, display_name; ///< omitted from the body when empty
};
std::string encode_provision(const provision_request& x);

/// What a provisioning answer means (protocol.md 2.1).
struct provision_answer {
  bool provisioned = false;
  bool carries_credentials = false; ///< `given` is a complete pair
  credentials given;                ///< gateway_id is the answer's, else the requested one
  std::vector<std::string> route_keys;
  std::string error; ///< one line when not provisioned; never quotes a secret
};
/// `holds_credentials`: whether a 2xx without a secret counts as provisioned even without
/// `secretIssued:false`.
provision_answer decode_provision(int status, std::string_view body, std::string_view requested_id,
                                  bool holds_credentials);

std::string encode_policy(const relevance_policy& x);

struct enroll_answer {
  bool ok = false;
  credentials given;
  std::string error;
};
std::string encode_enroll(const secret& enrollment_token, std::string_view gateway_id);
enroll_answer decode_enroll(int status, std::string_view body);

/// Answer to an upload (protocol.md 6, Media).
struct media_answer {
  std::string id;          ///< to be appended to the store's URL; empty when it was not taken
  std::string code, error; ///< `media_too_large`, `media_refused`; one line
};
media_answer decode_media(int status, std::string_view body);

/// OAuth token answer: `access_token`, `refresh_token`?, `expires_in`? (seconds; 0 = not told).
struct token_answer {
  secret access_token, refresh_token;
  std::int64_t expires_in = 0;
  std::string error; ///< one line; empty = fine
};
token_answer decode_token_answer(int status, std::string_view body);
/// application/x-www-form-urlencoded
std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields);

/// The `error` string of a JSON error body, cut to 200 characters, control characters removed; empty without
/// one.
std::string error_detail(std::string_view body);

} // namespace relay::wire
