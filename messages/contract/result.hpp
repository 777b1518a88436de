// The outcome of an action (protocol.md 6, the rules on results).
#pragma once

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace relay {

/// Three outcomes, never two: what may have happened is not what did not happen.
enum class outcome : std::uint8_t {
  done,     ///< the connector said success
  definite, ///< certainly not done; may be tried again by whoever asked
  unknown   ///< the frame reached the wire and no result came (`ambiguous`); never repeated silently
};
inline const char* to_string(outcome x) {
  return x == outcome::done ? "done" : x == outcome::definite ? "definite" : "unknown";
}

struct action_result {
  outcome how = outcome::definite;
  std::string message_id;
  std::vector<std::string> message_ids; ///< all pieces of a split send, in order
  std::string error;                    ///< one line; empty only when done
  std::string code;        ///< machine-readable: `egress_declined`, `unsupported`, ...; may be empty
  std::string raw;         ///< the connector's result object as JSON text; empty when made here
  std::string prompt_id{}; ///< of a `prompt`: the id that its answer will name
  /// Of a definite failure: the connector asks for the same frame again after this time; 0 = it does not.
  std::int64_t retry_after_ms = 0;
  friend bool operator==(const action_result&, const action_result&) = default;

  static action_result success() { return {outcome::done, {}, {}, {}, {}, {}, {}, 0}; }
  static action_result failed(std::string code, std::string error) {
    return {outcome::definite, {}, {}, std::move(error), std::move(code), {}, {}, 0};
  }
  static action_result ambiguous(std::string error) {
    return {outcome::unknown, {}, {}, std::move(error), {}, {}, {}, 0};
  }
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, action_result& x) {
  return f(caf::meta::type_name("action_result"), x.how, x.message_id, x.message_ids, x.error, x.code, x.raw,
           x.prompt_id, x.retry_after_ms);
}

} // namespace relay
