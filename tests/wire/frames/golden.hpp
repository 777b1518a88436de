// One exact line for each frame of the relay contract (protocol.md 3), shared by the tests that need real
// frames.
#pragma once

#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace relay::wire {

struct golden {
  const char* type;
  std::string_view line; ///< without its line break
};
inline constexpr golden golden_frames[] = {
    {"hello", R"({"type":"hello","platform":"telegram","botId":"42"})"},
    {"hello",
     R"({"type":"hello","platform":"discord","botId":"7","command_manifest":[{"name":"ask","description":"Ask"}]})"},
    {"descriptor",
     R"({"type":"descriptor","descriptor":{"contract_version":1,"platform":"discord","label":"Discord",)"
     R"("max_message_length":2000,"supports_draft_streaming":false,"supports_edit":true,"supports_threads":true,)"
     R"("markdown_dialect":"discord","len_unit":"utf16","emoji":"🎮","platform_hint":"","pii_safe":false,)"
     R"("supports_context":true,"supports_inchannel_continuable":false,"supports_block_formatting":false,)"
     R"("supported_ops":["send","edit","typing","follow_up","react"]}})"},
    {"inbound",
     R"({"type":"inbound","event":{"text":"hi \"you\"\n✓","message_type":"text","source":{"platform":"discord",)"
     R"("chat_id":"c1","chat_type":"channel","user_id":"u1","user_name":"ann","scope_id":"g1"},"message_id":"m1",)"
     R"("x_unknown":[1,2.50,{"a":null}]},"bufferId":"b-1"})"},
    {"inbound_ack", R"({"type":"inbound_ack","bufferId":"b-1"})"},
    {"outbound",
     R"({"type":"outbound","requestId":"r1","action":{"op":"send","chat_id":"c1","content":"hello","reply_to":null}})"},
    {"outbound",
     R"({"type":"outbound","requestId":"r2","action":{"op":"send","chat_id":"c1","content":"hello","reply_to":"m1",)"
     R"("metadata":{"k":1,"scope_id":"g1","guild_id":"g1","user_id":"u1"}},"platform":"discord","botId":"7"})"},
    {"outbound_result",
     R"({"type":"outbound_result","requestId":"r1","result":{"success":true,"message_id":"m2"}})"},
    {"outbound_result",
     R"({"type":"outbound_result","requestId":"r2","result":{"success":false,"error":"no","code":"egress_declined"}})"},
    {"interrupt", R"({"type":"interrupt","session_key":"agent:main:discord:dm:5","reason":null})"},
    {"interrupt", R"({"type":"interrupt","session_key":"agent:main:discord:dm:5","reason":"stop"})"},
    {"interrupt_inbound",
     R"({"type":"interrupt_inbound","session_key":"agent:main:discord:dm:5","chat_id":"5"})"},
    {"passthrough_forward",
     R"({"type":"passthrough_forward","forward":{"platform":"discord","botId":"7","method":"POST","path":"/i",)"
     R"("headers":[["a","b"],["c","d"]],"bodyB64":"eyJ0eXBlIjoxfQ==","profile":"coder"},"bufferId":"b-2"})"},
    {"going_idle", R"({"type":"going_idle"})"},
    {"going_idle_ack", R"({"type":"going_idle_ack"})"}};

/// Encodes whatever frame was decoded; empty for the two that have no encoding.
inline std::string encode_frame(const frame& x) {
  std::string out;
  std::visit(
      [&out](const auto& y) {
        if constexpr (requires { encode(out, y); }) encode(out, y);
      },
      x);
  return out;
}

template <class T>
T decode_as(std::string_view line, bool authenticated = true) {
  auto x = decode(line, authenticated);
  if (auto* found = std::get_if<T>(&x)) return std::move(*found);
  return {};
}
inline bad_frame refused(std::string_view line) {
  auto x = decode(line, true);
  auto* found = std::get_if<bad_frame>(&x);
  return found != nullptr ? std::move(*found) : bad_frame{refusal::not_json, "was not refused", {}, {}};
}

} // namespace relay::wire
