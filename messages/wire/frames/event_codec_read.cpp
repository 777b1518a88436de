#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/frames/event_fields.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <array>
#include <cstdint>

namespace relay::wire {

namespace {

/// The members of an event that are read here, the first one of each name; null when there is none.
struct event_members : event_names {
  static bool gateway_only(std::size_t number) {
    return number >= first_gateway_only && number != decltype(names)::none;
  }

  explicit event_members(const json::value& event) {
    for (const auto& x : event.GetObject()) {
      const auto number = names.find(json::view(x.name));
      if (number == decltype(names)::none) continue;
      foreign = foreign || gateway_only(number);
      if (all[number] == nullptr) all[number] = &x.value;
    }
  }
  const json::value* operator[](name x) const { return all[x]; }
  const json::value* object(name x) const { return all[x] && all[x]->IsObject() ? all[x] : nullptr; }
  const json::value* array(name x) const { return all[x] && all[x]->IsArray() ? all[x] : nullptr; }
  std::string id(name x) const {
    std::string out;
    if (all[x] != nullptr) json::to_id(*all[x], out);
    return out;
  }

  std::array<const json::value*, count> all{};
  bool foreign = false; ///< a peer set what only a gateway may set
};

bool read_source(const json::value* from, event_source& out, std::string& why) {
  if (from == nullptr || from->IsNull()) return true;
  if (!from->IsObject()) {
    why = "event.source is not an object";
    return false;
  }
  std::array<const json::value*, source_fields.size()> all{};
  for (const auto& x : from->GetObject()) {
    const auto number = source_names.find(json::view(x.name));
    if (number != source_names.none && all[number] == nullptr) all[number] = &x.value;
  }
  // A wrong chat would be answered in a wrong place: worse than a lost event.
  const auto* chat = all[chat_id_field];
  if (chat != nullptr && !chat->IsNull() && !json::to_id(*chat, out.chat_id)) {
    why = "event.source.chat_id is not a string";
    return false;
  }
  const auto text = [&](std::size_t field, std::string& to) {
    const auto* x = all[field];
    if (x != nullptr && x->IsString() && x->GetStringLength() > 0) to = json::view(*x);
  };
  text(platform_field, out.platform);
  text(chat_type_field, out.chat_type);
  for (std::size_t i = 0; i < chat_id_field; ++i) {
    if (all[i] == nullptr) continue;
    if (source_fields[i].id != nullptr)
      json::to_id(*all[i], out.*source_fields[i].id);
    else
      out.*source_fields[i].flag = all[i]->IsTrue();
  }
  if (out.scope_id.empty() && all[guild_id_field] != nullptr) json::to_id(*all[guild_id_field], out.scope_id);
  return true;
}

void read_media(const event_members& event, inbound_event& out) {
  if (const auto* urls = event.array(event_members::media_urls))
    for (const auto& x : urls->GetArray())
      if (x.IsString() && x.GetStringLength() > 0) out.media_urls.emplace_back(json::view(x));
  const auto* items = event.array(event_members::media);
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

void read_reply_and_prompt(const event_members& event, inbound_event& out) {
  if (const auto* reply = event.object(event_members::reply_to)) {
    out.reply_to = {json::text(*reply, "text"), json::text(*reply, "author"), json::flag(*reply, "is_own"),
                    true};
  }
  if (const auto* press = event.object(event_members::prompt_response)) {
    prompt_response answer{json::id(*press, "prompt_id"), json::id(*press, "option_id"),
                           json::text(*press, "label"), json::id(*press, "prompt_message_id"), true};
    if (!answer.prompt_id.empty() && !answer.option_id.empty()) out.prompt = std::move(answer);
  }
}

std::string raw_text(const json::value& event, std::string_view source, bool foreign) {
  if (!foreign) return json::text_of(event, source);
  std::string out;
  json::object_writer to{out};
  json::append_members(to, out, event, source, [](std::string_view name) {
    return !event_members::gateway_only(event_members::names.find(name));
  });
  to.end();
  return out;
}

} // namespace

message_type type_of(std::string_view name) {
  if (name == "image") return message_type::photo;
  for (auto x = message_type::text; x <= message_type::command; x = static_cast<message_type>(int(x) + 1))
    if (to_string(x) == name) return x;
  return message_type::text;
}

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
  const event_members members{from};
  const auto* text = members[event_members::text];
  if (text != nullptr && !text->IsNull() && !text->IsString()) {
    why = "event.text is not a string";
    return false;
  }
  if (!read_source(members[event_members::source], out.source, why)) return false;
  if (text != nullptr && text->IsString()) out.text = json::view(*text);
  if (const auto* type = members[event_members::type]; type != nullptr && type->IsString())
    out.type = type_of(json::view(*type));
  out.message_id = members.id(event_members::message_id);
  out.reply_to_message_id = members.id(event_members::reply_to_message_id);
  read_reply_and_prompt(members, out);
  read_media(members, out);
  // Background only: whatever is wrong with it, the event itself goes on.
  if (const auto* context = members[event_members::context]) out.channel_context = render_context(*context);
  if (const auto* error = members[event_members::context_error]; error != nullptr && error->IsString())
    out.context_error = json::view(*error);
  out.raw = raw_text(from, source, members.foreign);
  return true;
}

} // namespace relay::wire
