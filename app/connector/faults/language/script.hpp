// A fault script: rules of a condition and what happens when it is met. Read strictly, so that a typing
// mistake cannot become a test that passes because nothing went wrong.
#pragma once

#include "relay_gateway/app/connector/faults/language/actions.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector::faults {

/// What a rule is about.
enum class trigger : std::uint8_t {
  frame,   ///< one line of the WebSocket, either way
  call,    ///< an HTTP call below /relay
  upgrade, ///< a WebSocket upgrade
  poke,    ///< a call of the wake URL
  time,    ///< the clock
  answer   ///< what the connector is about to say to a call or a frame; the first rule that counts decides
};
std::string_view to_string(trigger x);

/// Seen from the connector, as in its records.
enum class way : std::uint8_t {
  in, ///< from the gateway
  out ///< to the gateway
};
std::string_view to_string(way x);

/// What an answer may be to.
inline constexpr std::array<std::string_view, 9> answerable{"provision",    "policy",      "enroll",
                                                            "media_upload", "media_fetch", "upgrade",
                                                            "hello",        "outbound",    "going_idle"};

/// Any of these, or anything when empty. A `*` at the end stands for any rest.
using texts = std::vector<std::string>;
bool matches(const texts& wanted, std::string_view is);

struct condition {
  trigger on = trigger::frame;
  std::optional<way> direction;
  texts type, platform, chat, op; ///< of the frame; platform also of a call, the last three of an answer
  texts to;                       ///< of an answer: some of `answerable`
  texts path, method;             ///< of the call or upgrade
  texts gateway;
  std::string contains; ///< in the line, the call's body, or the text of the action that is answered
  // when, counted from the start of the script's clock
  range after_ms{};                      ///< time rules: when; others: not before
  std::optional<milliseconds> before_ms; ///< and no more from then on
  std::optional<range> every_ms;         ///< time rules: again and again
  // which of those that match
  std::vector<std::uint64_t> nth; ///< 1 = the first
  std::uint64_t every_n = 0, after_n = 0;
  bool per_connection = false; ///< counted for each connection by itself
  double probability = 1;
};

struct rule {
  std::string name; ///< for the record; `#3` when it has none
  condition when;
  std::vector<action> then;
  std::optional<std::uint64_t> times; ///< uses; none = no limit
  std::string source;                 ///< as it was written, on one line
};

/// What the script's clock counts from. Rules that name no time do not wait for it.
enum class clock_start : std::uint8_t {
  load,      ///< the moment when the script is loaded
  first_open ///< the first WebSocket that is accepted from then on
};

struct script {
  std::uint64_t seed = 1;
  clock_start clock = clock_start::load;
  std::vector<rule> rules;
};

/// One thing that is wrong, where, and what may have been meant.
struct problem {
  std::string where; ///< JSON pointer; empty = the whole text
  std::string what;
};
std::string to_string(const problem& x); ///< `/rules/0/when/tpye: unknown key, did you mean 'type'?`

/// Reads a script: an object with `rules`, an array of rules, or one rule. Nothing when there is any problem;
/// then `problems` has all of them. Thread-safe.
std::optional<script> parse(std::string_view text, std::vector<problem>& problems);
/// Reads a rule's `then` by itself: what is to happen once, now. `gateway` may stand beside the actions and
/// names whose connections are meant (default: all).
struct one_off {
  texts gateway;
  std::vector<action> then;
};
std::optional<one_off> parse_one_off(std::string_view text, std::vector<problem>& problems);

} // namespace relay::connector::faults
