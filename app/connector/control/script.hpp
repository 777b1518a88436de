// Scripted answers: what the stand-in does instead of its usual answer, for how many times.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::connector {

/// Where a rule applies.
enum class moment : std::uint8_t {
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
std::string_view to_string(moment x);
bool from_string(std::string_view name, moment& out);

/// One scripted answer. Empty match fields match everything. Only the fields that make sense for its moment
/// count.
struct rule {
  moment on = moment::outbound;
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

/// What a rule is matched against.
struct trigger {
  moment on = moment::outbound;
  std::string_view platform, gateway_id, op, chat_id, content;
};

/// The rules in the order given; the first match is used up. Not thread-safe.
class script {
public:
  void add(rule x);
  void clear() { rules_.clear(); }
  std::optional<rule> take(const trigger& now);
  std::size_t size() const { return rules_.size(); }

private:
  std::list<rule> rules_;
};

} // namespace relay::connector
