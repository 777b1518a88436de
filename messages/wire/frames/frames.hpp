// Every frame of the relay WebSocket (protocol.md 3) as one closed variant, and its JSON codec, for both
// ends: the gateway encodes what `gw -> co` says and decodes the rest; the connector stand-in does the
// opposite. Thread-safe: no state. Nothing here throws; bad input is a `bad_frame`.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/contract/descriptor.hpp"
#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/contract/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace relay::wire {

/// Why a line was refused; the label of the metric that counts it.
enum class refusal : std::uint8_t {
  not_json,
  not_object,
  too_deep,
  too_long,
  bad_utf8,
  no_type,
  bad_field,
  long_id
};
const char* to_string(refusal x);

/// A line that is not a frame. `what` is one line that names the field; it never quotes the input.
struct bad_frame {
  refusal why = refusal::not_json;
  std::string what;
  std::string type;      ///< the frame's `type` when it could be read
  std::string buffer_id; ///< when it could be read, so that a terminal refusal can be acked (F12, F32)
  std::string line{};    ///< its beginning, as valid UTF-8, for a person
};
/// Bytes of a refused line that are kept.
inline constexpr std::size_t longest_kept_line = 64UL << 10;
/// A well-formed frame of a type that this version does not know; ignored (protocol.md, Versioning).
struct unknown_frame {
  std::string type;
};

struct hello {
  identity who;
  std::string command_manifest; ///< JSON array text; empty = none
};
struct descriptor_frame {
  relay::descriptor what;
};
struct inbound {
  event_ref event;
  std::string buffer_id;
};
struct inbound_ack {
  std::string buffer_id;
};
/// Metadata as decoded from the wire is complete: `where.who` is only filled when encoding.
struct outbound {
  std::string request_id;
  relay::action what;
  route where;
};
struct outbound_result {
  std::string request_id;
  action_result result;
};
struct interrupt {
  std::string session_key, reason;
  bool has_reason = false;
};
struct interrupt_inbound {
  std::string session_key, chat_id;
};
/// Exact bytes of a platform's HTTP request (protocol.md 5.2). A bad body is empty, bad header pairs are
/// gone.
struct passthrough_forward {
  std::string platform, bot_id, method, path, body, profile, buffer_id;
  std::vector<std::pair<std::string, std::string>> headers;
  bool authenticated = false; ///< as told to decode(); marks the event that is made of it
};
struct going_idle {};
struct going_idle_ack {};

/// The first case is the error, so that a default-constructed frame is one.
using frame = std::variant<bad_frame, unknown_frame, hello, descriptor_frame, inbound, inbound_ack, outbound,
                           outbound_result, interrupt, interrupt_inbound, passthrough_forward, going_idle,
                           going_idle_ack>;

/// Nesting deeper than this is refused (`too_deep`): the depth of a document is the sender's choice.
inline constexpr int max_depth = 64;

/// Decodes one line (without its `\n`; a trailing `\r` is allowed). An event of this function is marked
/// `delivered_via_upstream_relay` only if `authenticated` (protocol.md 5).
frame decode(std::string_view line, bool authenticated);

/// The first id or name of an event that is longer than longest_id; empty = there is none. Such an event is
/// refused (`long_id`).
std::string_view overlong_field(const inbound_event& x);

/// Decodes an event object given as JSON text; false and a reason on failure. For tests and embedders.
bool decode_event(std::string_view json, inbound_event& out, std::string& why);

// Each appends exactly one frame and its `\n` to `out`.
void encode(std::string& out, const hello& x);
void encode(std::string& out,
            const descriptor_frame& x); ///< from the typed fields; unknown ones are not kept
void encode(std::string& out,
            const inbound& x); ///< sends `event.raw` when there is one, else the typed fields
void encode(std::string& out, const inbound_ack& x);
/// Discriminators and thread are attached only where the metadata lacks them (protocol.md 6, routing 2, 5,
/// 6).
void encode(std::string& out, const outbound& x);
/// The same of its parts.
void encode_outbound(std::string& out, std::string_view request_id, const action& what, const route& where);
void encode(std::string& out, const outbound_result& x);
void encode(std::string& out, const interrupt& x);
void encode(std::string& out, const interrupt_inbound& x);
void encode(std::string& out, const passthrough_forward& x);
void encode(std::string& out, const going_idle& x);
void encode(std::string& out, const going_idle_ack& x);

/// The result object as JSON text: `raw` when there is one, else made from the fields
/// (`success`, `message_id`?, `message_ids`?, `error`?, `code`?, `ambiguous`?).
std::string encode_result(const action_result& x);
/// Reads a result object; a missing or non-boolean `success` counts as failure. Never fails.
/// `ambiguous` wins over everything else (F55).
action_result decode_result(std::string_view json);

} // namespace relay::wire
