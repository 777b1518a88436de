#include "relay_gateway/messages/wire/actions/action_codec.hpp"

#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/messages/wire/actions/action_rules.hpp"
#include "relay_gateway/messages/wire/json/object_members.hpp"

namespace relay::wire {

namespace {

/// The typed member that a JSON member of that name fills; null when it travels in `rest`.
std::string* slot(action& x, std::string_view name) {
  if (name == "chat_id") return &x.chat_id;
  if (name == "content") return &x.content;
  if (name == "message_id") return &x.message_id;
  if (name == "reply_to") return &x.reply_to;
  auto* to = std::get_if<follow_up_fields>(&x.fields);
  if (to == nullptr) return nullptr;
  if (name == "session_key") return &to->session_key;
  return name == "kind" ? &to->kind : nullptr;
}

bool fill(std::string& to, std::string_view name, const json::value& from, op kind) {
  if (from.IsNull()) return true;
  if (name == "content") {
    // An empty text that may be left out says something (`typing`: clear), so it is kept as it came.
    if (!from.IsString() || (from.GetStringLength() == 0 && !traits_of(kind).needs_text)) return false;
    to = json::view(from);
    return true;
  }
  return json::to_id(from, to);
}

/// The first list with too many entries; empty = there is none.
std::string_view crowded_list(const json::value& from) {
  for (const auto& x : from.GetObject())
    if (x.value.IsArray() && x.value.Size() > most_entries) return json::view(x.name);
  return {};
}

bool names(const json::value& metadata, std::string_view name) {
  const auto* found = json::find(metadata, name);
  return found != nullptr && !found->IsNull();
}

/// Whether the action goes to the root of a chat where a reply would open a thread (routing 5).
bool loses_reply(const json::value& metadata, const route& where) {
  return where.flat && where.thread_id.empty() && !names(metadata, "thread_id");
}

/// Members of `metadata` as they came, then what the route adds. Nulls give way to what the route knows.
void append_metadata(std::string& out, const json::value& metadata, std::string_view source,
                     const route& where) {
  const auto& who = where.who;
  const auto has = [&](std::string_view name) { return names(metadata, name); };
  // Either name of the scope counts: one of the sender's own is never mixed with ours.
  const bool add_scope = !who.scope_id.empty() && !has("scope_id") && !has("guild_id");
  const bool add_user = !who.user_id.empty() && !has("user_id");
  const bool add_profile = !who.profile.empty() && !has("profile");
  const bool add_thread = !where.thread_id.empty() && !has("thread_id");
  const bool drop_reply = loses_reply(metadata, where);
  json::object_writer to{out};
  if (metadata.IsObject()) {
    json::append_members(to, out, metadata, source, [&](std::string_view name) {
      return (!add_scope || (name != "scope_id" && name != "guild_id")) && (!add_user || name != "user_id") &&
             (!add_profile || name != "profile") && (!add_thread || name != "thread_id") &&
             (!drop_reply || name != "reply_to_message_id");
    });
  }
  if (add_scope) to.text("scope_id", who.scope_id).text("guild_id", who.scope_id);
  if (add_user) to.text("user_id", who.user_id);
  if (add_profile) to.text("profile", who.profile);
  if (add_thread) to.text("thread_id", where.thread_id);
  to.end();
}

/// `given`: the action's own metadata; null = it has none. A document is large, so few have one.
void append_action(std::string& out, const action& x, const route& where, const json::document* given) {
  const json::value nothing;
  const auto& metadata = given != nullptr ? given->root() : nothing;
  const std::string_view reply_to = loses_reply(metadata, where) ? std::string_view{} : x.reply_to;
  const auto& traits = traits_of(x.kind);
  json::object_writer to{out};
  to.text("op", to_string(x.kind)).optional("chat_id", x.chat_id).optional("message_id", x.message_id);
  if (const auto* session = std::get_if<follow_up_fields>(&x.fields))
    to.optional("session_key", session->session_key).optional("kind", session->kind);
  if (traits.needs_text) {
    to.text("content", x.content);
  } else {
    to.optional("content", x.content);
  }
  if (traits.says_reply) {
    to.nullable("reply_to", reply_to);
  } else {
    to.optional("reply_to", reply_to);
  }
  to.members(x.rest.text());
  if (given != nullptr) {
    std::string merged;
    append_metadata(merged, metadata, given->text(), where);
    if (merged != "{}") to.json("metadata", merged);
  } else if (!where.who.empty() || !where.thread_id.empty()) {
    to.key("metadata");
    append_metadata(out, nothing, {}, where);
  }
  to.end();
}

} // namespace

action_or_error read_action(const json::value& from, std::string_view source) {
  constexpr rapidjson::SizeType most_members = 64;
  action_or_error out;
  if (!from.IsObject()) {
    out.error = "action: must be an object";
    return out;
  }
  const auto* name = json::find(from, "op");
  if (name == nullptr || !name->IsString() || !from_string(json::view(*name), out.value.kind)) {
    out.error = "action: op must name an operation of the contract";
    return out;
  }
  if (from.MemberCount() > most_members) {
    out.error = "action: has too many fields";
    return out;
  }
  // Before anything looks at the entries.
  if (const auto list = crowded_list(from); !list.empty()) {
    out.error =
        "action: " + std::string{list} + " has more than " + std::to_string(most_entries) + " entries";
    out.too_many = true;
    return out;
  }
  out.error = check_action(out.value.kind, from);
  if (!out.error.empty()) return out;
  auto& x = out.value;
  x.fields = fields_of(x.kind, from, json::object(from, "metadata"));
  const auto* file = file_of(x);
  const bool nameless = file != nullptr && json::text(from, "filename").empty();
  json::member_writer rest{x.rest};
  if (nameless) rest.text("filename", file->name);
  json::for_each_member(
      from, source, [&](std::string_view key, const json::value& value, std::string_view text) {
        // What was checked is what is sent: a second member of the same name is not.
        if (json::find(from, key) != &value || key == "op") return;
        if (file != nullptr && (key == "source_path" || key == "mime" || key == "source_url")) return;
        if (key == "metadata") {
          if (value.IsObject() && !value.ObjectEmpty()) append_metadata(x.metadata, value, text, {});
          return;
        }
        if (auto* to = slot(x, key); to != nullptr && fill(*to, key, value, x.kind)) return;
        if (nameless && key == "filename") return;
        rest.as_it_came(key, value, text);
      });
  return out;
}

action_or_error decode_action(std::string_view text) {
  json::document doc;
  if (doc.parse(text)) return read_action(doc.root(), doc.text());
  action_or_error out;
  out.error = std::string{"action: "} + json::explain(doc.why());
  return out;
}

void append_action(std::string& out, const action& x, const route& where) {
  if (x.metadata.empty()) return append_action(out, x, where, nullptr);
  // Parsed, not spliced: an embedder's text must not be able to break the frame.
  json::document metadata;
  metadata.parse(x.metadata);
  append_action(out, x, where, &metadata);
}

std::string encode_action(const action& x, const discriminators& who) {
  std::string out;
  append_action(out, x, {{}, {}, who});
  return out;
}

bool read_on_unknown(const json::value& beside, bool& resend) {
  resend = false;
  const auto* given = json::find(beside, "on_unknown");
  if (given == nullptr || given->IsNull()) return true;
  const auto word = given->IsString() ? json::view(*given) : std::string_view{};
  resend = word == "resend";
  return resend || word == "report";
}

} // namespace relay::wire
