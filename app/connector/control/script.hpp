// Scripted answers: the short form of fault rules on answers (faults/language/script.hpp), as the control API
// and stand_in::answer() take them.
#pragma once

#include "relay_gateway/app/connector/faults/language/script.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::connector {

/// Where a rule applies; in the order of faults::answerable.
enum class answer_point : std::uint8_t {
  provision,    ///< POST /relay/provision
  policy,       ///< POST /relay/policy
  enroll,       ///< POST /relay/enroll
  media_upload, ///< POST /relay/media
  media_fetch,  ///< GET /relay/media/<id>
  upgrade,      ///< the WebSocket upgrade
  hello,        ///< a hello frame, answered with a descriptor
  outbound,     ///< an outbound frame, answered with an outbound_result
  going_idle    ///< a going_idle frame, answered with going_idle_ack
};
std::string_view to_string(answer_point x);

/// One scripted answer. Empty match fields match everything. Only the fields that make sense for its answer
/// point count.
struct rule {
  answer_point on = answer_point::outbound;
  // what it matches
  std::string platform{}, gateway_id{}, op{}, chat_id{};
  std::string contains{}; ///< outbound: text that the action's content must contain
  // how often
  int count = 1; ///< uses that are left; negative = for ever
  // what happens
  std::chrono::milliseconds delay{0}; ///< before the answer, whatever it is
  bool withhold = false;              ///< never answer (an HTTP call hangs until its client gives up)
  int copies = 1;                     ///< frames: how many times the answer is sent
  int status = 0;                     ///< HTTP calls and upgrades: this status instead of the usual answer
  std::string body{};                 ///< HTTP calls and upgrades with `status`: this body
  std::vector<std::pair<std::string, std::string>> headers{}; ///< HTTP calls and upgrades with `status`
  std::string result{};     ///< outbound: this result object (JSON) instead of the usual one
  std::string descriptor{}; ///< hello: this descriptor object (JSON) instead of the profile's
  int close_code = 0;       ///< upgrade and frames: close the socket with this code instead of answering
  std::string close_reason{};
  bool drop =
      false; ///< upgrade and frames: end the connection without a close handshake instead of answering
  bool idle_anyway = false; ///< going_idle with `withhold`: buffer from now on although the ack never comes
};

/// Reads a rule from a JSON object: `on` and the fields above by name (`delay_ms` for delay; `result`,
/// `descriptor` and `body` may be JSON values; `headers` an object). `retry_after` (seconds) is short for a
/// 429 with that header, of an outbound for a result that failed and names that time. False and one line in
/// `why` on failure.
bool read_rule(std::string_view json, rule& out, std::string& why);

/// The same in the one language of rules.
faults::rule fault_rule_of(const rule& x);

} // namespace relay::connector
