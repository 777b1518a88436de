// Discord interactions that a connector passes through (protocol.md 5.2).
#include "relay_gateway/messages/wire/frames/discord.hpp"

#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

namespace relay::wire {

namespace {

enum interaction_type : int {
  ping = 1,
  application_command = 2,
  message_component = 3,
  autocomplete = 4,
  modal_submit = 5
};
enum option_type : int { sub_command = 1, sub_command_group = 2 };
enum channel_type : int { announcement_thread = 10, public_thread = 11, private_thread = 12 };

int number(const json::value& from, std::string_view name) {
  const auto* found = json::find(from, name);
  return found != nullptr && found->IsInt() ? found->GetInt() : 0;
}

/// Where it happened. A thread is a channel of its own on Discord: the message queue names it by its own id,
/// as chat and as thread, and its parent beside it; so it is named here (F26).
void read_chat(const json::value& interaction, event_source& out) {
  out.platform = "discord"; // and never the generic name: nobody could answer that (F27)
  out.chat_id = json::id(interaction, "channel_id");
  out.scope_id = json::id(interaction, "guild_id");
  out.chat_type = out.scope_id.empty() ? "dm" : "group";
  const auto* channel = json::object(interaction, "channel");
  if (channel == nullptr) return;
  if (out.chat_id.empty()) out.chat_id = json::id(*channel, "id");
  out.chat_name = json::text(*channel, "name");
  out.chat_topic = json::text(*channel, "topic");
  const auto type = number(*channel, "type");
  if (type < announcement_thread || type > private_thread) return; // `parent_id` is a mere category there
  out.chat_type = "thread";
  out.thread_id = out.chat_id;
  out.parent_chat_id = json::id(*channel, "parent_id");
}

void read_user(const json::value& interaction, event_source& out) {
  const auto* member = json::object(interaction, "member");
  const auto* user = member != nullptr ? json::object(*member, "user") : nullptr;
  if (user == nullptr) user = json::object(interaction, "user");
  if (user == nullptr) return;
  out.user_id = json::id(*user, "id");
  out.user_handle = json::text(*user, "username");
  out.user_name = json::text(*user, "global_name");
  if (member != nullptr) out.user_display_name = json::text(*member, "nick");
  if (out.user_display_name.empty()) out.user_display_name = out.user_name;
  if (out.user_name.empty()) out.user_name = out.user_handle;
  out.is_bot = json::flag(*user, "bot");
}

/// The path of sub-commands and the values, in order. The parser bounds the depth.
void append_options(std::string& out, const json::value& command) {
  const auto* options = json::array(command, "options");
  if (options == nullptr) return;
  for (const auto& x : options->GetArray()) {
    const auto type = number(x, "type");
    if (type == sub_command || type == sub_command_group) {
      out += ' ' + json::text(x, "name");
      append_options(out, x);
      continue;
    }
    const auto* value = json::find(x, "value");
    if (value == nullptr || value->IsNull()) continue;
    if (value->IsString()) {
      if (!is_blank(json::view(*value))) out.append(" ").append(json::view(*value));
    } else {
      json::append_value(out += ' ', *value);
    }
  }
}

std::string command_text(const json::value& data) {
  const auto name = json::text(data, "name");
  if (name.empty()) return {};
  auto out = '/' + name; // as somebody would type it
  append_options(out, data);
  return out;
}

/// What was filled in, one value per line. Inputs stand in rows (`components`) or labels (`component`).
void append_inputs(std::string& out, const json::value& from) {
  if (const auto* value = json::find(from, "value"); value != nullptr && value->IsString()) {
    if (!out.empty()) out += '\n';
    out += json::view(*value);
  }
  if (const auto* inner = json::object(from, "component")) append_inputs(out, *inner);
  if (const auto* rows = json::array(from, "components"))
    for (const auto& x : rows->GetArray()) append_inputs(out, x);
}

/// A press or a submitted form: an answer to a prompt when its token says so.
void read_data(int type, const json::value& data, inbound_event& out) {
  if (type == application_command) {
    out.text = command_text(data);
    out.type = message_type::command;
    return;
  }
  if (type != message_component && type != modal_submit) return;
  auto custom_id = json::text(data, "custom_id");
  const bool answer = read_prompt_token(custom_id, out.prompt);
  if (answer) out.prompt.prompt_message_id = out.source.message_id;
  if (type == modal_submit) {
    append_inputs(out.text, data);
  } else if (!answer) {
    out.text = std::move(custom_id);
  }
}

} // namespace

bool decode_discord_interaction(const passthrough_forward& x, inbound_event& out) {
  json::document doc;
  if (!doc.parse_object(x.body)) return false;
  const auto& interaction = doc.root();
  const auto type = number(interaction, "type");
  // An autocomplete asks for suggestions while somebody still types; nobody has said anything yet.
  if (type <= ping || type == autocomplete) return false;
  inbound_event event;
  read_chat(interaction, event.source);
  read_user(interaction, event.source);
  event.source.profile = x.profile;
  event.message_id = json::id(interaction, "id");
  // The message that carries the button is another one than the interaction.
  if (const auto* message = json::object(interaction, "message"))
    event.source.message_id = json::id(*message, "id");
  if (const auto* data = json::object(interaction, "data")) read_data(type, *data, event);
  append_typed_event(event.raw, event);
  event.delivered_via_upstream_relay = x.authenticated;
  event.interaction = true;
  out = std::move(event);
  return true;
}

} // namespace relay::wire
