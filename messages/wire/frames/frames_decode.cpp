#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/actions/action_codec.hpp"
#include "relay_gateway/messages/wire/actions/result_codec.hpp"
#include "relay_gateway/messages/wire/frames/descriptor_codec.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/frames/ordinary_frames.hpp"
#include "relay_gateway/messages/wire/frames/side_fields.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"
#include "relay_gateway/messages/wire/json/json_unique.hpp"
#include "relay_gateway/messages/wire/json/salvage.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <memory>

namespace relay::wire {

const char* to_string(refusal x) {
  switch (x) {
  case refusal::not_json: return "not_json";
  case refusal::not_object: return "not_object";
  case refusal::too_deep: return "too_deep";
  case refusal::too_long: return "too_long";
  case refusal::bad_utf8: return "bad_utf8";
  case refusal::no_type: return "no_type";
  case refusal::bad_field: return "bad_field";
  case refusal::long_id: return "long_id";
  }
  return "unknown";
}

namespace {

/// One frame being decoded: its document and root object.
struct input {
  const json::document& doc;
  const json::value& root;
  bool authenticated;
};

frame bad_field(const input& x, std::string what) {
  return bad_frame{refusal::bad_field, std::move(what), json::text(x.root, "type"),
                   json::id(x.root, "bufferId")};
}

frame long_id(const input& x, std::string_view type, std::string_view field, std::size_t most = longest_id) {
  auto out = bad_field(x, std::string{type} + ": " + std::string{field} + " is longer than " +
                              std::to_string(most) + " bytes");
  std::get<bad_frame>(out).why = refusal::long_id;
  return out;
}

frame read_inbound(const input& x) {
  const auto* event = json::object(x.root, "event");
  if (event == nullptr) return bad_field(x, "inbound: event is not an object");
  auto out = std::make_shared<inbound_event>();
  std::string why;
  if (!read_event(*event, x.doc.member_text("event"), *out, why)) return bad_field(x, "inbound: " + why);
  if (const auto field = overlong_field(*out); !field.empty()) return long_id(x, "inbound", field);
  auto buffer_id = json::id(x.root, "bufferId");
  if (buffer_id.size() > longest_id) return long_id(x, "inbound", "bufferId");
  out->delivered_via_upstream_relay = x.authenticated;
  return inbound{event_ref{std::move(out)}, std::move(buffer_id)};
}

frame read_descriptor_frame(const input& x) {
  const auto* what = json::object(x.root, "descriptor");
  if (what == nullptr) return bad_field(x, "descriptor: descriptor is not an object");
  const auto text = x.doc.member_text("descriptor");
  constexpr std::size_t longest = 64UL << 10; // every chat's queue and every `ready` has it
  if (text.size() > longest) {
    auto out = bad_field(x, "descriptor: descriptor is longer than 65536 bytes");
    std::get<bad_frame>(out).why = refusal::too_long;
    return out;
  }
  auto read = read_descriptor(*what, text);
  if (read.platform.size() > longest_id) return long_id(x, "descriptor", "platform");
  return descriptor_frame{std::move(read)};
}

/// It is kept for as long as its request id: what nobody can use of it goes.
void bound(action_result& x) {
  constexpr std::size_t longest_error = 4'096, longest_raw = 64UL << 10;
  const auto long_ids = std::erase_if(x.message_ids, [](auto& id) { return id.size() > longest_id; });
  const bool long_id = x.message_id.size() > longest_id;
  const bool long_error = x.error.size() > longest_error || x.code.size() > longest_id;
  if (long_id) x.message_id.clear();
  if (x.code.size() > longest_id) x.code.resize(utf8_prefix(x.code, longest_id).size());
  if (x.error.size() > longest_error) x.error.resize(utf8_prefix(x.error, longest_error).size());
  if (long_ids > 0 || long_id || long_error || x.raw.size() > longest_raw) x.raw.clear(); // told anew
}

frame read_outbound_result(const input& x) {
  outbound_result out{json::id(x.root, "requestId"), {}};
  if (out.request_id.empty()) return bad_field(x, "outbound_result: requestId is not a string");
  if (out.request_id.size() > longest_request_id)
    return long_id(x, "outbound_result", "requestId", longest_request_id);
  // Whoever waits is told at once, also when the result itself makes no sense.
  const auto* result = json::find(x.root, "result");
  out.result =
      result == nullptr ? read_result(json::value{}, {}) : read_result(*result, x.doc.member_text("result"));
  bound(out.result);
  return out;
}

frame read_interrupt_inbound(const input& x) {
  interrupt_inbound out{json::id(x.root, "session_key"), json::id(x.root, "chat_id")};
  if (out.session_key.empty() && out.chat_id.empty())
    return bad_field(x, "interrupt_inbound: session_key is not a string");
  if (out.session_key.size() > longest_session_key)
    return long_id(x, "interrupt_inbound", "session_key", longest_session_key);
  if (out.chat_id.size() > longest_id) return long_id(x, "interrupt_inbound", "chat_id");
  return out;
}

frame read_passthrough(const input& x) {
  const auto* from = json::object(x.root, "forward");
  if (from == nullptr) return bad_field(x, "passthrough_forward: forward is not an object");
  passthrough_forward out;
  out.platform = json::text(*from, "platform");
  out.bot_id = json::id(*from, "botId");
  out.method = json::text(*from, "method");
  out.path = json::text(*from, "path");
  out.profile = json::text(*from, "profile");
  out.buffer_id = json::id(x.root, "bufferId");
  out.authenticated = x.authenticated;
  for (const auto& [name, text] : {std::pair{"platform", &out.platform},
                                   {"botId", &out.bot_id},
                                   {"profile", &out.profile},
                                   {"bufferId", &out.buffer_id}})
    if (text->size() > longest_id) return long_id(x, "passthrough_forward", name);
  base64_decode(json::text(*from, "bodyB64"), out.body); // leaves it empty on bad input
  if (const auto* headers = json::array(*from, "headers"))
    for (const auto& pair : headers->GetArray())
      if (pair.IsArray() && pair.Size() == 2 && pair[0].IsString() && pair[1].IsString())
        out.headers.emplace_back(json::view(pair[0]), json::view(pair[1]));
  return out;
}

frame read_hello(const input& x) {
  hello out;
  out.who.platform = json::text(x.root, "platform");
  if (out.who.platform.empty()) return bad_field(x, "hello: platform is not a string");
  out.who.bot_id = json::id(x.root, "botId");
  if (const auto* manifest = json::array(x.root, "command_manifest"))
    out.command_manifest = json::text_of(*manifest, x.doc.member_text("command_manifest"));
  return out;
}

frame read_inbound_ack(const input& x) {
  inbound_ack out{json::id(x.root, "bufferId")};
  if (out.buffer_id.empty()) return bad_field(x, "inbound_ack: bufferId is not a string");
  return out;
}

frame read_outbound(const input& x) {
  outbound out;
  out.request_id = json::id(x.root, "requestId");
  if (out.request_id.empty()) return bad_field(x, "outbound: requestId is not a string");
  const auto* what = json::find(x.root, "action");
  auto read =
      what == nullptr ? read_action(json::value{}, {}) : read_action(*what, x.doc.member_text("action"));
  if (!read) return bad_field(x, "outbound: " + read.error);
  out.what = std::move(read.value);
  out.where.platform = json::text(x.root, "platform");
  out.where.bot_id = json::id(x.root, "botId");
  return out;
}

frame read_session_interrupt(const input& x) {
  interrupt out;
  out.session_key = json::id(x.root, "session_key");
  if (out.session_key.empty()) return bad_field(x, "interrupt: session_key is not a string");
  const auto* reason = json::find(x.root, "reason");
  out.has_reason = reason != nullptr && reason->IsString();
  if (out.has_reason) out.reason = json::view(*reason);
  return out;
}

struct reader {
  std::string_view type;
  frame (*read)(const input&);
};
// The most frequent ones first.
constexpr reader readers[] = {{"inbound", read_inbound},
                              {"outbound_result", read_outbound_result},
                              {"outbound", read_outbound},
                              {"inbound_ack", read_inbound_ack},
                              {"passthrough_forward", read_passthrough},
                              {"interrupt_inbound", read_interrupt_inbound},
                              {"interrupt", read_session_interrupt},
                              {"descriptor", read_descriptor_frame},
                              {"hello", read_hello},
                              {"going_idle_ack", [](const input&) -> frame { return going_idle_ack{}; }},
                              {"going_idle", [](const input&) -> frame { return going_idle{}; }}};

/// A type name short enough for a log line.
std::string shortened(std::string_view type) { return std::string{utf8_prefix(type, 64)}; }

} // namespace

frame read_frame(std::string_view line, bool authenticated) {
  json::document doc;
  if (!doc.parse(line)) {
    // Whatever is wrong with a side field is no reason to lose an event.
    std::string mended;
    if (without_unreadable_fields(line, mended)) return read_frame(mended, authenticated);
    return bad_frame{doc.why(), json::explain(doc.why()), shortened(salvage(line, "type")),
                     salvage(line, "bufferId")};
  }
  const auto& root = doc.root();
  if (json::has_repeated_names(root)) { // whoever gets a part of it must read what was read here
    std::string once;
    json::append_unique(once, root, doc.text());
    return read_frame(once, authenticated);
  }
  if (!root.IsObject()) return bad_frame{refusal::not_object, json::explain(refusal::not_object), {}, {}};
  const auto* type = json::find(root, "type");
  if (type == nullptr || !type->IsString() || type->GetStringLength() == 0)
    return bad_frame{refusal::no_type, "type is not a string", {}, json::id(root, "bufferId")};
  const auto name = json::view(*type);
  for (const auto& x : readers)
    if (x.type == name) return x.read({doc, root, authenticated});
  return unknown_frame{shortened(name)};
}

std::string_view overlong_field(const inbound_event& x) {
  const auto& from = x.source;
  for (const auto& [name, text] :
       {std::pair<std::string_view, const std::string*>{"source.platform", &from.platform},
        {"source.chat_id", &from.chat_id},
        {"source.chat_type", &from.chat_type},
        {"source.chat_name", &from.chat_name},
        {"source.user_id", &from.user_id},
        {"source.user_name", &from.user_name},
        {"source.thread_id", &from.thread_id},
        {"source.user_display_name", &from.user_display_name},
        {"source.user_handle", &from.user_handle},
        {"source.user_id_alt", &from.user_id_alt},
        {"source.chat_id_alt", &from.chat_id_alt},
        {"source.scope_id", &from.scope_id},
        {"source.parent_chat_id", &from.parent_chat_id},
        {"source.message_id", &from.message_id},
        {"source.profile", &from.profile},
        {"source.auto_thread_initial_name", &from.auto_thread_initial_name},
        {"source.prospective_thread_id", &from.prospective_thread_id},
        {"message_id", &x.message_id},
        {"reply_to_message_id", &x.reply_to_message_id},
        {"prompt_response.prompt_id", &x.prompt.prompt_id},
        {"prompt_response.option_id", &x.prompt.option_id},
        {"prompt_response.prompt_message_id", &x.prompt.prompt_message_id}})
    if (text->size() > longest_id) return name;
  return {};
}

frame decode(std::string_view line, bool authenticated) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  frame out;
  if (read_ordinary_frame(line, authenticated, out)) return out;
  out = read_frame(line, authenticated);
  if (auto* bad = std::get_if<bad_frame>(&out)) bad->line = valid_utf8(line, longest_kept_line);
  return out;
}

bool decode_event(std::string_view text, inbound_event& out, std::string& why) {
  json::document doc;
  if (!doc.parse(text)) {
    why = std::string{"event is "} + json::explain(doc.why());
    return false;
  }
  inbound_event event;
  if (!read_event(doc.root(), doc.text(), event, why)) return false;
  out = std::move(event);
  return true;
}

} // namespace relay::wire
