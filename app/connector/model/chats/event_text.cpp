#include "relay_gateway/app/connector/model/chats/event_text.hpp"

#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

namespace relay::connector {

namespace {

/// Members of `source` that both kinds of events have.
json::fields source_fields(const chat_message& x) {
  json::fields out;
  bool dm = x.chat_type == "dm";
  out.add("platform", x.platform).add("chat_id", x.chat_id).add("chat_type", x.chat_type);
  out.nullable("chat_name", x.chat_name.empty() && dm ? x.user_name : x.chat_name);
  out.nullable("user_id", x.user_id).nullable("user_name", x.user_name).nullable("thread_id", x.thread_id);
  out.raw("chat_topic", "null").add("user_display_name", x.user_name).maybe("scope_id", x.scope_id);
  out.maybe("guild_id", x.scope_id)
      .maybe("parent_chat_id", x.parent_chat_id)
      .maybe("message_id", x.message_id);
  out.add("is_bot", false);
  return out;
}

chat_message person_in(const chat& in) {
  chat_message out;
  out.platform = in.key.platform;
  out.chat_id = in.key.chat_id;
  out.chat_type = in.type;
  out.chat_name = in.name;
  out.scope_id = in.scope_id;
  out.parent_chat_id = in.parent_chat_id;
  if (!in.users.empty()) out.user_id = out.user_name = *in.users.begin();
  return out;
}

} // namespace

std::string event_text(const chat_message& x, const chat_entry* answered) {
  json::fields out;
  out.add("text", x.text).add("message_type", x.text.compare(0, 1, "/") == 0 ? "command" : "text");
  out.raw("source", source_fields(x).object()).maybe("message_id", x.message_id);
  out.maybe("reply_to_message_id", x.reply_to);
  if (answered) {
    json::fields replied;
    replied.add("text", answered->text).add("author", answered->author).add("is_own", answered->from_bot);
    out.raw("reply_to", replied.object());
  }
  return out.object();
}

std::string press_text(const chat& in, const chat_entry& prompt, std::string_view option_id,
                       std::string_view label, std::string_view message_id) {
  auto who = person_in(in);
  who.message_id = message_id;
  json::fields press;
  press.add("prompt_id", prompt.prompt_id).add("option_id", option_id).add("label", label);
  press.add("prompt_message_id", prompt.id);
  json::fields out;
  out.add("text", label).add("message_type", "text").raw("source", source_fields(who).object());
  return out.add("message_id", message_id).raw("prompt_response", press.object()).object();
}

std::string interaction_text(const chat& in, const chat_entry& prompt, std::string_view option_id) {
  auto who = person_in(in);
  auto user = json::fields{}.add("id", who.user_id).add("username", who.user_name).object();
  json::fields data;
  data.add("component_type", 2);
  data.add("custom_id", "hp1:" + prompt.prompt_id + ":" + std::string{option_id});
  json::fields body;
  body.add("id", "i" + prompt.id).add("type", 3).add("channel_id", in.key.chat_id).raw("data", data.object());
  if (in.scope_id.empty())
    body.raw("user", user);
  else
    body.add("guild_id", in.scope_id).raw("member", json::fields{}.raw("user", user).object());
  json::fields out;
  out.add("platform", in.key.platform).add("botId", "").add("method", "POST").add("path", "/interactions");
  out.raw("headers", R"([["content-type","application/json"]])");
  return out.add("bodyB64", wire::base64_encode(body.object())).object();
}

std::string interaction_text(const interaction& x) {
  auto user = json::fields{}.add("id", x.user_id).add("username", x.user_name).object();
  json::fields data, body, out;
  data.maybe("name", x.name).maybe("custom_id", x.custom_id);
  if (!x.custom_id.empty()) data.add("component_type", 2);
  if (!x.options.empty()) {
    json::items options;
    for (const auto& [name, value] : x.options) {
      json::fields one;
      one.add("name", name).add("type", 3).add("value", value);
      if (x.type == 4) one.add("focused", true);
      options.raw(one.object());
    }
    data.raw("options", options.array());
  }
  body.add("id", x.id).add("type", x.type).add("token", "interaction-token");
  if (x.type != 1) {
    body.add("channel_id", x.chat_id).raw("data", data.object());
    if (x.scope_id.empty())
      body.raw("user", user);
    else
      body.add("guild_id", x.scope_id).raw("member", json::fields{}.raw("user", user).object());
  }
  out.add("platform", "discord").add("botId", "").add("method", "POST").add("path", "/interactions");
  out.raw("headers", R"([["content-type","application/json"]])");
  return out.add("bodyB64", wire::base64_encode(body.object())).object();
}

bool read_interaction(std::string_view body, event_source& out) {
  json::document doc;
  if (!json::parse_object(body, doc)) return false;
  auto type = json::number(doc, "type", 0);
  if (type != 2 && type != 3 && type != 5) return false;
  const auto* member = json::member(doc, "member");
  const auto* user = member ? json::member(*member, "user") : nullptr;
  if (!user) user = json::member(doc, "user");
  out.platform = "discord";
  out.chat_id = json::text(doc, "channel_id");
  out.scope_id = json::text(doc, "guild_id");
  out.chat_type = out.scope_id.empty() ? "dm" : "group";
  if (user) out.user_id = json::text(*user, "id");
  return !out.chat_id.empty();
}

event_source read_source(const json::value& from) {
  event_source out;
  auto read = [&](const char* key, std::string& field) {
    auto text = json::text(from, key);
    if (!text.empty()) field = text;
  };
  read("platform", out.platform);
  read("chat_id", out.chat_id);
  read("chat_type", out.chat_type);
  read("chat_name", out.chat_name);
  read("user_id", out.user_id);
  read("user_name", out.user_name);
  read("user_display_name", out.user_display_name);
  read("user_id_alt", out.user_id_alt);
  read("thread_id", out.thread_id);
  read("guild_id", out.scope_id);
  read("scope_id", out.scope_id);
  read("parent_chat_id", out.parent_chat_id);
  read("profile", out.profile);
  read("prospective_thread_id", out.prospective_thread_id);
  return out;
}

} // namespace relay::connector
