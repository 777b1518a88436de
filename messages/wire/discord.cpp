// Discord interactions that a connector passes through (protocol.md 5.2).
#include "messages/wire/event_codec.hpp"
#include "messages/wire/frames.hpp"

#include <algorithm>

namespace relay::wire {

namespace {

enum interaction_type : int { ping = 1, application_command = 2, message_component = 3 };

/// Where it happened. Kept apart: threads of other channel types are to be told from channels here.
void read_chat(const json::value& interaction, event_source& out) {
  out.platform = "discord";
  out.chat_id = json::id(interaction, "channel_id");
  out.scope_id = json::id(interaction, "guild_id");
  out.chat_type = out.scope_id.empty() ? "dm" : "channel";
  if (const auto* channel = json::object(interaction, "channel"))
    out.chat_name = json::text(*channel, "name");
}

void read_user(const json::value& interaction, event_source& out) {
  const auto* member = json::object(interaction, "member");
  const auto* user = member != nullptr ? json::object(*member, "user") : nullptr;
  if (user == nullptr) user = json::object(interaction, "user");
  if (user == nullptr) return;
  out.user_id = json::id(*user, "id");
  out.user_name = json::text(*user, "username");
  if (member != nullptr) out.user_display_name = json::text(*member, "nick");
  if (out.user_display_name.empty()) out.user_display_name = json::text(*user, "global_name");
  out.is_bot = json::flag(*user, "bot");
}

bool is_option_id(std::string_view x) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !x.empty() && x.size() <= 32 && std::all_of(x.begin(), x.end(), allowed);
}

/// `hp1:<prompt_id>:<option_id>`, at most 64 bytes (protocol.md 6).
bool read_prompt_token(std::string_view token, prompt_response& out) {
  constexpr std::string_view mark = "hp1:";
  if (!token.starts_with(mark) || token.size() > 64) return false;
  token.remove_prefix(mark.size());
  const auto colon = token.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_option_id(token.substr(colon + 1))) return false;
  out.prompt_id = token.substr(0, colon);
  out.option_id = token.substr(colon + 1);
  out.present = true;
  return true;
}

void read_press(const json::value& interaction, std::string custom_id, inbound_event& out) {
  if (!read_prompt_token(custom_id, out.prompt)) {
    out.text = std::move(custom_id);
  } else if (const auto* message = json::object(interaction, "message")) {
    out.prompt.prompt_message_id = json::id(*message, "id");
  }
}

} // namespace

bool decode_discord_interaction(const passthrough_forward& x, inbound_event& out) {
  json::document doc;
  if (!doc.parse(x.body) || !doc.root().IsObject()) return false;
  const auto& interaction = doc.root();
  const auto* type = json::find(interaction, "type");
  if (type == nullptr || !type->IsInt() || type->GetInt() <= ping) return false;
  inbound_event event;
  read_chat(interaction, event.source);
  read_user(interaction, event.source);
  event.source.profile = x.profile;
  event.message_id = json::id(interaction, "id");
  if (const auto* data = json::object(interaction, "data")) {
    if (type->GetInt() == application_command) {
      event.text = json::text(*data, "name");
      event.type = message_type::command;
    } else if (type->GetInt() == message_component) {
      read_press(interaction, json::text(*data, "custom_id"), event);
    }
  }
  append_typed_event(event.raw, event);
  event.delivered_via_upstream_relay = x.authenticated;
  out = std::move(event);
  return true;
}

} // namespace relay::wire
