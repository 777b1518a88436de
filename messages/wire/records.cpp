#include "relay_gateway/messages/wire/records.hpp"

#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <utility>

namespace relay::wire {

namespace {

using json::object_writer;
using json::text;

bool strings(const json::value& from, std::vector<std::string>& out) {
  if (!from.IsArray()) return false;
  out.clear();
  out.reserve(from.Size());
  for (const auto& x : from.GetArray()) {
    if (!x.IsString()) return false;
    out.emplace_back(json::view(x));
  }
  return true;
}

void append_act(std::string& out, const action& x) {
  object_writer to{out};
  to.text("op", to_string(x.kind))
      .optional("chat_id", x.chat_id)
      .optional("content", x.content)
      .optional("message_id", x.message_id)
      .optional("reply_to", x.reply_to);
  if (const auto* session = std::get_if<follow_up_fields>(&x.fields))
    to.optional("session_key", session->session_key).optional("follow_up_kind", session->kind);
  to.optional("metadata", x.metadata).optional("rest", x.rest.text());
  if (const auto* file = file_of(x))
    to.optional("path", file->path).optional("mime", file->mime).optional("name", file->name);
  to.end();
}

/// Of every version that wrote records: the fields of an op are read from its members again.
bool read_act(const json::value& from, action& out) {
  if (!from_string(text(from, "op"), out.kind)) return false;
  out.chat_id = text(from, "chat_id");
  out.content = text(from, "content");
  out.message_id = text(from, "message_id");
  out.reply_to = text(from, "reply_to");
  out.metadata = text(from, "metadata");
  read_rest(out, text(from, "rest"));
  if (auto* session = std::get_if<follow_up_fields>(&out.fields))
    *session = {text(from, "session_key"), text(from, "follow_up_kind")};
  if (auto path = text(from, "path"); !path.empty() && out.kind == op::send_media)
    out.fields = media_fields{{std::move(path), text(from, "mime"), text(from, "name")}};
  return true;
}

/// 0 where there is no such member.
std::int64_t milliseconds_of(const json::value& from, std::string_view name) {
  const auto* x = json::find(from, name);
  return x != nullptr && x->IsInt64() ? x->GetInt64() : 0;
}

bool read_outcome(std::string_view name, outcome& out) {
  for (auto x : {outcome::done, outcome::definite, outcome::unknown})
    if (name == to_string(x)) {
      out = x;
      return true;
    }
  return false;
}

} // namespace

// -- events ----------------------------------------------------------------------------------------------

std::uint8_t marks_of(const inbound_event& x) {
  return static_cast<std::uint8_t>((x.interaction ? event_mark::interaction : 0) |
                                   (x.delivered_via_upstream_relay ? event_mark::upstream_relay : 0) |
                                   (x.raw.empty() ? event_mark::without_raw : 0) |
                                   (x.unreadable ? event_mark::unreadable : 0));
}

const std::string& text_of(const inbound_event& x, std::string& room) {
  if (!x.raw.empty()) return x.raw;
  room.clear();
  append_typed_event(room, x);
  return room;
}

bool read_kept_event(std::string_view from, std::uint8_t marks, inbound_event& out, std::string& why) {
  inbound_event x;
  if (!decode_event(from, x, why)) return false;
  x.interaction = (marks & event_mark::interaction) != 0;
  x.delivered_via_upstream_relay = (marks & event_mark::upstream_relay) != 0;
  x.unreadable = (marks & event_mark::unreadable) != 0;
  if ((marks & event_mark::without_raw) != 0) x.raw.clear();
  out = std::move(x);
  return true;
}

// -- keys ------------------------------------------------------------------------------------------------

void append_kept(std::string& out, const std::vector<std::string>& x) {
  out += '[';
  const char* separator = "";
  for (const auto& key : x) {
    out += separator;
    json::append_string(out, key);
    separator = ",";
  }
  out += ']';
}

bool read_kept(std::string_view from, std::vector<std::string>& out) {
  json::document doc;
  return doc.parse(from) && strings(doc.root(), out);
}

// -- actions and results -----------------------------------------------------------------------------------

void append_kept(std::string& out, const action_request& what, const route& where, std::int64_t until_ms) {
  object_writer to{out};
  to.optional("request_id", what.request_id)
      .optional("platform", what.platform)
      .optional("delivery_id", what.delivery_id)
      .flag("resend_unknown", what.resend_unknown)
      .flag("abandons", what.abandons)
      .key("action");
  append_act(out, what.act);
  if (until_ms != 0) to.json("until_ms", std::to_string(until_ms));
  to.optional("to", where.platform)
      .optional("bot_id", where.bot_id)
      .optional("scope_id", where.who.scope_id)
      .optional("user_id", where.who.user_id)
      .optional("profile", where.who.profile)
      .optional("thread_id", where.thread_id)
      .flag("flat", where.flat)
      .end();
}

bool read_kept(std::string_view from, action_request& what, route& where, std::int64_t& until_ms) {
  json::document doc;
  if (!doc.parse(from)) return false;
  const auto& x = doc.root();
  const auto* act = json::object(x, "action");
  action_request request{text(x, "request_id"),           text(x, "platform"),
                         text(x, "delivery_id"),          {},
                         json::flag(x, "resend_unknown"), json::flag(x, "abandons")};
  if (act == nullptr || !read_act(*act, request.act)) return false;
  what = std::move(request);
  until_ms = milliseconds_of(x, "until_ms");
  where = {text(x, "to"),
           text(x, "bot_id"),
           {text(x, "scope_id"), text(x, "user_id"), text(x, "profile")},
           text(x, "thread_id"),
           json::flag(x, "flat")};
  return true;
}

void append_kept(std::string& out, const action_result& x) {
  object_writer to{out};
  to.text("how", to_string(x.how)).optional("message_id", x.message_id);
  if (!x.message_ids.empty()) to.texts("message_ids", x.message_ids);
  to.optional("error", x.error)
      .optional("code", x.code)
      .optional("raw", x.raw)
      .optional("prompt_id", x.prompt_id);
  if (x.retry_after_ms != 0) to.json("retry_after_ms", std::to_string(x.retry_after_ms));
  to.end();
}

bool read_kept(std::string_view from, action_result& out) {
  json::document doc;
  if (!doc.parse(from)) return false;
  const auto& x = doc.root();
  action_result result;
  if (!read_outcome(text(x, "how"), result.how)) return false;
  result.message_id = text(x, "message_id");
  if (const auto* ids = json::array(x, "message_ids"); ids != nullptr && !strings(*ids, result.message_ids))
    return false;
  result.error = text(x, "error");
  result.code = text(x, "code");
  result.raw = text(x, "raw");
  result.prompt_id = text(x, "prompt_id");
  result.retry_after_ms = milliseconds_of(x, "retry_after_ms");
  out = std::move(result);
  return true;
}

// -- prompts -----------------------------------------------------------------------------------------------

void append_kept(std::string& out, const prompt_opened& x) {
  object_writer to{out};
  to.text("prompt_id", x.prompt_id)
      .optional("platform", x.chat.platform)
      .optional("chat_id", x.chat.chat_id)
      .optional("thread_id", x.thread_id)
      .optional("profile", x.profile)
      .optional("decided_by", x.decided_by)
      .flag("approval", x.approval)
      .flag("turn_forgotten", x.turn_forgotten)
      .key("options");
  out += '[';
  const char* separator = "";
  for (const auto& option : x.options) {
    out += separator;
    object_writer{out}.text("id", option.id).optional("label", option.label).end();
    separator = ",";
  }
  out += ']';
  to.end();
}

bool read_kept(std::string_view from, prompt_opened& out) {
  json::document doc;
  if (!doc.parse(from)) return false;
  const auto& x = doc.root();
  const auto* options = json::array(x, "options");
  if (options == nullptr || json::find(x, "prompt_id") == nullptr) return false;
  prompt_opened prompt{text(x, "prompt_id"), {text(x, "platform"), text(x, "chat_id")}, {}, 0};
  for (const auto& option : options->GetArray())
    prompt.options.push_back({text(option, "id"), text(option, "label")});
  prompt.thread_id = text(x, "thread_id");
  prompt.profile = text(x, "profile");
  prompt.decided_by = text(x, "decided_by");
  prompt.approval = json::flag(x, "approval");
  prompt.turn_forgotten = json::flag(x, "turn_forgotten");
  out = std::move(prompt);
  return true;
}

} // namespace relay::wire
