#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <array>

namespace relay::wire {

namespace {

/// Members of the event that only a gateway may set: a peer's are dropped.
constexpr std::array<std::string_view, 3> gateway_only{"delivered_via_upstream_relay", "channel_context",
                                                       "display_name"};

message_type type_of(std::string_view name) {
  if (name == "image") return message_type::photo;
  for (auto x = message_type::text; x <= message_type::command; x = static_cast<message_type>(int(x) + 1))
    if (to_string(x) == name) return x;
  return message_type::text;
}

struct source_field {
  std::string_view name;
  std::string event_source::*to;
};
constexpr source_field source_fields[] = {
    {"chat_name", &event_source::chat_name},
    {"user_id", &event_source::user_id},
    {"user_name", &event_source::user_name},
    {"thread_id", &event_source::thread_id},
    {"chat_topic", &event_source::chat_topic},
    {"user_display_name", &event_source::user_display_name},
    {"user_handle", &event_source::user_handle},
    {"user_id_alt", &event_source::user_id_alt},
    {"chat_id_alt", &event_source::chat_id_alt},
    {"parent_chat_id", &event_source::parent_chat_id},
    {"message_id", &event_source::message_id},
    {"profile", &event_source::profile},
    {"auto_thread_initial_name", &event_source::auto_thread_initial_name},
    {"prospective_thread_id", &event_source::prospective_thread_id}};

bool read_source(const json::value& event, event_source& out, std::string& why) {
  const auto* from = json::find(event, "source");
  if (from == nullptr || from->IsNull()) return true;
  if (!from->IsObject()) {
    why = "event.source is not an object";
    return false;
  }
  // A wrong chat would be answered in a wrong place: worse than a lost event.
  const auto* chat = json::find(*from, "chat_id");
  if (chat != nullptr && !chat->IsNull() && !json::to_id(*chat, out.chat_id)) {
    why = "event.source.chat_id is not a string";
    return false;
  }
  if (auto platform = json::text(*from, "platform"); !platform.empty()) out.platform = std::move(platform);
  if (auto type = json::text(*from, "chat_type"); !type.empty()) out.chat_type = std::move(type);
  for (const auto& field : source_fields) out.*field.to = json::id(*from, field.name);
  out.scope_id = json::id(*from, "scope_id");
  if (out.scope_id.empty()) out.scope_id = json::id(*from, "guild_id");
  out.is_bot = json::flag(*from, "is_bot");
  out.message_is_edit = json::flag(*from, "message_is_edit");
  out.one_to_one_verified = json::flag(*from, "one_to_one_verified");
  out.auto_thread_created = json::flag(*from, "auto_thread_created");
  return true;
}

void read_media(const json::value& event, inbound_event& out) {
  if (const auto* urls = json::array(event, "media_urls"))
    for (const auto& x : urls->GetArray())
      if (x.IsString() && x.GetStringLength() > 0) out.media_urls.emplace_back(json::view(x));
  const auto* items = json::array(event, "media");
  if (items == nullptr) return;
  for (const auto& x : items->GetArray()) {
    media_item item;
    item.url = json::text(x, "url");
    // Each item carries its own URL, so dropping one cannot shift the others (F67).
    if (item.url.empty()) continue;
    item.kind = json::text(x, "kind");
    item.mime = json::text(x, "mime");
    item.filename = json::text(x, "filename");
    item.caption = json::text(x, "caption");
    if (const auto* size = json::find(x, "size"); size != nullptr && size->IsUint64())
      item.size = size->GetUint64();
    out.media.push_back(std::move(item));
  }
}

void read_reply_and_prompt(const json::value& event, inbound_event& out) {
  if (const auto* reply = json::object(event, "reply_to")) {
    out.reply_to = {json::text(*reply, "text"), json::text(*reply, "author"), json::flag(*reply, "is_own"),
                    true};
  }
  if (const auto* press = json::object(event, "prompt_response")) {
    prompt_response answer{json::id(*press, "prompt_id"), json::id(*press, "option_id"),
                           json::text(*press, "label"), json::id(*press, "prompt_message_id"), true};
    if (!answer.prompt_id.empty() && !answer.option_id.empty()) out.prompt = std::move(answer);
  }
}

std::string raw_text(const json::value& event, std::string_view source) {
  const auto ours = [](std::string_view name) {
    return std::find(gateway_only.begin(), gateway_only.end(), name) != gateway_only.end();
  };
  const auto members = event.GetObject();
  if (std::none_of(members.begin(), members.end(), [&](const auto& x) { return ours(json::view(x.name)); }))
    return json::text_of(event, source);
  std::string out;
  json::object_writer to{out};
  json::append_members(to, out, event, source, [&](std::string_view name) { return !ours(name); });
  to.end();
  return out;
}

} // namespace

std::string render_context(const json::value& context) {
  std::string out;
  if (!context.IsArray()) return out;
  for (const auto& entry : context.GetArray()) {
    const auto text = on_one_line(json::text(entry, "text"));
    if (text.find_first_not_of(" \t") == std::string::npos) continue;
    std::string author;
    if (const auto* source = json::object(entry, "source")) {
      author = json::text(*source, "user_name");
      if (author.empty()) author = json::id(*source, "user_id");
    }
    if (out.empty()) out = "[Recent channel messages]";
    out += '\n';
    if (!author.empty()) out += on_one_line(std::move(author)) + ": ";
    out += text;
  }
  return out;
}

bool read_event(const json::value& from, std::string_view source, inbound_event& out, std::string& why) {
  if (!from.IsObject()) {
    why = "event is not an object";
    return false;
  }
  const auto* text = json::find(from, "text");
  if (text != nullptr && !text->IsNull() && !text->IsString()) {
    why = "event.text is not a string";
    return false;
  }
  if (!read_source(from, out.source, why)) return false;
  if (text != nullptr && text->IsString()) out.text = json::view(*text);
  if (const auto* type = json::find(from, "message_type"); type != nullptr && type->IsString())
    out.type = type_of(json::view(*type));
  out.message_id = json::id(from, "message_id");
  out.reply_to_message_id = json::id(from, "reply_to_message_id");
  read_reply_and_prompt(from, out);
  read_media(from, out);
  // Background only: whatever is wrong with it, the event itself goes on.
  if (const auto* context = json::find(from, "context")) out.channel_context = render_context(*context);
  out.context_error = json::text(from, "context_error");
  out.raw = raw_text(from, source);
  return true;
}

} // namespace relay::wire
