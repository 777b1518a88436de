#include "relay_gateway/app/connector/model/chats/platform_side.hpp"

#include <algorithm>
#include <array>

namespace relay::connector {

namespace {

std::string refused(std::string_view error, std::string_view code = {}) {
  return json::fields{}.add("success", false).add("error", error).maybe("code", code).object();
}
std::string done() { return R"({"success":true})"; }
std::string done(std::string_view message_id) {
  return json::fields{}.add("success", true).add("message_id", message_id).object();
}

/// The members that an op cannot do without, by the table of protocol.md 6.
struct op_needs {
  std::string_view op;
  std::array<std::string_view, 3> strings;
};
constexpr std::array<op_needs, 14> needs{{{"send", {"chat_id", "content"}},
                                          {"edit", {"chat_id", "message_id", "content"}},
                                          {"typing", {"chat_id"}},
                                          {"follow_up", {"session_key", "kind", "content"}},
                                          {"get_chat_info", {"chat_id"}},
                                          {"send_media", {"chat_id", "media_kind", "source_url"}},
                                          {"prompt", {"chat_id", "prompt_id", "content"}},
                                          {"react", {"chat_id", "message_id", "emoji"}},
                                          {"delete", {"chat_id", "message_id"}},
                                          {"draft", {"chat_id", "content"}},
                                          {"task_card", {"chat_id", "card_id"}},
                                          {"task_card_stop", {"chat_id", "card_id"}},
                                          {"thread_create", {"chat_id", "thread_name"}},
                                          {"thread_rename", {"chat_id", "message_id", "thread_name"}}}};

/// The first member that is missing; empty when all are there.
std::string_view missing(const json::value& action, std::string_view op) {
  for (const auto& x : needs) {
    if (x.op != op) continue;
    for (auto name : x.strings) {
      if (name.empty()) break;
      const auto* found = json::member(action, name);
      if (!found || !found->IsString()) return name;
    }
  }
  return {};
}

/// A DM has no scope, so its user makes it routable; elsewhere the scope does, or a user known in the chat.
bool routable(const chat* in, const json::value& action) {
  if (!in || in->users.empty()) return true; // a chat that nobody wrote in: nothing to compare with
  const auto* metadata = json::member(action, "metadata");
  if (!metadata) return false;
  auto scope = json::text(*metadata, "scope_id");
  if (scope.empty()) scope = json::text(*metadata, "guild_id");
  if (!in->scope_id.empty() && scope == in->scope_id) return true;
  return in->users.count(std::string{json::text(*metadata, "user_id")}) > 0;
}

bool valid_option(std::string_view id) {
  auto fine = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !id.empty() && id.size() <= 32 && std::all_of(id.begin(), id.end(), fine);
}

} // namespace

struct platform_side::call {
  const json::value& action;
  std::string_view op;
  chat& in;
  std::int64_t now_ms;
  std::string_view get(std::string_view key) const { return json::text(action, key); }
};

platform_limits read_limits(std::string_view descriptor) {
  platform_limits out;
  json::document doc;
  if (!json::parse_object(descriptor, doc)) return out;
  auto max = json::number(doc, "max_message_length", 4096);
  out.max_length = max > 0 ? max : 4096;
  out.utf16 = json::text(doc, "len_unit") == "utf16";
  out.drafts = json::flag(doc, "supports_draft_streaming", false);
  for (auto& x : json::texts(doc, "supported_ops")) out.ops.insert(std::move(x));
  if (out.ops.empty()) out.ops = {"send", "edit", "typing", "follow_up"};
  return out;
}

std::int64_t length_of(std::string_view text, bool utf16) {
  std::int64_t out = 0;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) ++out;
    if (utf16 && byte >= 0xF0U) ++out; // beyond the basic plane: a surrogate pair
  }
  return out;
}

std::string platform_side::perform(std::string_view platform, const platform_limits& limits,
                                   const json::value& action, const platform_checks& checks,
                                   std::int64_t now_ms) {
  auto op = json::text(action, "op");
  if (limits.ops.count(op) == 0) return refused("unsupported op '" + std::string{op} + "'", "unsupported");
  if (auto name = missing(action, op); !name.empty())
    return refused(std::string{op} + " needs " + std::string{name}, "bad_action");
  chat* known = op == "follow_up"
                    ? chats_.find_session(std::string{json::text(action, "session_key")})
                    : chats_.find({std::string{platform}, std::string{json::text(action, "chat_id")}});
  if (op == "follow_up" && !known) return refused("no such session", "unknown_session");
  // A follow_up carries no discriminator that counts: the binding of its session says whose it is.
  if (checks.discriminators && op != "follow_up" && !routable(known, action))
    return refused("egress declined: target not routed to an onboarded tenant", "egress_declined");
  if (checks.length && length_of(json::text(action, "content"), limits.utf16) > limits.max_length)
    return refused("HTTP 400: content must be " + std::to_string(limits.max_length) + " or fewer in length",
                   "too_long");
  call x{action, op,
         known ? *known : chats_.at({std::string{platform}, std::string{json::text(action, "chat_id")}}),
         now_ms};
  if (op == "send" || op == "follow_up") return say(x);
  if (op == "edit") return edit(x);
  if (op == "typing") return typing(x);
  if (op == "send_media") return media(x);
  if (op == "prompt") return prompt(x);
  if (op == "react") return react(x);
  if (op == "delete") return remove(x);
  if (op == "draft")
    return limits.drafts ? draft(x) : refused("drafts are not supported here", "unsupported");
  if (op == "task_card" || op == "task_card_stop") return card(x);
  if (op == "thread_create") return open_thread(x);
  if (op == "thread_rename") return rename_thread(x);
  auto info = json::fields{}.add("name", x.in.name).add("type", x.in.type).object();
  return json::fields{}.add("success", true).raw("chat_info", info).object();
}

chat_entry& platform_side::post(call& x, std::string form) {
  chat_entry entry;
  entry.id = chats_.new_id(x.in);
  entry.time_ms = x.now_ms;
  entry.from_bot = true;
  entry.author = "agent";
  entry.text = x.get("content");
  entry.reply_to = x.get("reply_to");
  entry.form = std::move(form);
  x.in.typing_until_ms = 0; // a platform shows typing until the message is there
  return chats_.add(x.in, std::move(entry));
}

std::string platform_side::say(call& x) { return done(post(x, "text").id); }

std::string platform_side::edit(call& x) {
  if (!chats_.plausible(x.in, x.get("message_id"))) return refused("message to edit not found");
  if (auto* entry = chats_.entry(x.in, x.get("message_id"))) {
    entry->text = x.get("content");
    entry->edited = true;
    chats_.touch(x.in, *entry);
  }
  return done();
}

std::string platform_side::typing(call& x) {
  const auto* content = json::member(x.action, "content");
  bool clear = content && content->IsString() && content->GetStringLength() == 0;
  x.in.typing_until_ms = clear ? 0 : x.now_ms + 8000;
  chats_.touch(x.in);
  return done();
}

std::string platform_side::media(call& x) {
  auto& entry = post(x, "media");
  entry.media_kind = x.get("media_kind");
  entry.media_name = x.get("filename");
  return done(entry.id);
}

std::string platform_side::prompt(call& x) {
  const auto* options = json::member(x.action, "options");
  if (!options || !options->IsArray() || options->Empty())
    return refused("prompt needs options", "bad_action");
  std::vector<std::pair<std::string, std::string>> choices;
  for (const auto& one : options->GetArray()) {
    auto id = json::text(one, "id");
    // Platforms cap the data of a button; this is the token that comes back when it is pressed.
    if (!valid_option(id) || 5 + x.get("prompt_id").size() + id.size() > 64)
      return refused("prompt option id '" + std::string{id} + "' does not fit a button", "bad_action");
    choices.emplace_back(id, json::text(one, "label"));
  }
  auto& entry = post(x, "prompt");
  entry.prompt_id = x.get("prompt_id");
  entry.choices = std::move(choices);
  return done(entry.id);
}

std::string platform_side::react(call& x) {
  if (!chats_.plausible(x.in, x.get("message_id"))) return refused("message to react to not found");
  if (auto* entry = chats_.entry(x.in, x.get("message_id"))) {
    std::string emoji{x.get("emoji")};
    auto found = std::find(entry->reactions.begin(), entry->reactions.end(), emoji);
    bool take = json::flag(x.action, "remove", false);
    if (take && found != entry->reactions.end()) entry->reactions.erase(found);
    if (!take && found == entry->reactions.end()) entry->reactions.push_back(std::move(emoji));
    chats_.touch(x.in, *entry);
  }
  return done();
}

std::string platform_side::remove(call& x) {
  if (!chats_.plausible(x.in, x.get("message_id"))) return refused("message to delete not found");
  if (auto* entry = chats_.entry(x.in, x.get("message_id"))) {
    entry->removed = true;
    entry->text.clear();
    chats_.touch(x.in, *entry);
  }
  return done();
}

std::string platform_side::draft(call& x) {
  const auto* number = json::member(x.action, "draft_id");
  if (!number || !number->IsInt64()) return refused("draft needs draft_id", "bad_action");
  bool final = json::flag(x.action, "final", false);
  auto sealed = x.in.sealed.find(number->GetInt64());
  if (final && sealed != x.in.sealed.end()) return done(sealed->second); // a repeat: it is there already
  if (sealed != x.in.sealed.end()) x.in.sealed.erase(sealed);            // the id is used for a new stream
  auto name = "draft-" + std::to_string(number->GetInt64());
  auto* entry = chats_.entry(x.in, name);
  if (!entry || entry->removed) {
    entry = &post(x, "draft");
    entry->id = name; // it gets its message id when it is sealed
  }
  entry->text = x.get("content");
  if (!final) {
    chats_.touch(x.in, *entry);
    return done();
  }
  // The page knows the draft by its old id: it goes, and on Slack the message takes its place (protocol.md
  // 6).
  entry->removed = true;
  entry->text.clear();
  chats_.touch(x.in, *entry);
  if (x.in.key.platform != "slack") return done();
  auto id = post(x, "text").id;
  x.in.sealed[number->GetInt64()] = id;
  constexpr std::size_t most_sealed = 1000;
  if (x.in.sealed.size() > most_sealed) x.in.sealed.erase(x.in.sealed.begin());
  return done(id);
}

std::string platform_side::card(call& x) {
  auto name = "card-" + std::string{x.get("card_id")};
  auto* entry = chats_.entry(x.in, name);
  if (!entry) {
    entry = &post(x, "card");
    entry->id = name;
  }
  if (x.op == "task_card_stop") entry->form = "text";
  if (const auto* chunks = json::member(x.action, "chunks"); chunks && chunks->IsArray())
    for (const auto& one : chunks->GetArray()) {
      if (!entry->text.empty()) entry->text += '\n';
      entry->text += one.IsString() ? std::string{one.GetString(), one.GetStringLength()} : json::write(one);
    }
  chats_.touch(x.in, *entry);
  return done();
}

std::string platform_side::open_thread(call& x) {
  auto id = chats_.new_id(x.in);
  std::string parent = x.in.key.chat_id, scope = x.in.scope_id;
  auto users = x.in.users;
  auto& thread = chats_.at({x.in.key.platform, id});
  thread.type = "thread";
  thread.name = x.get("thread_name");
  thread.parent_chat_id = parent;
  thread.scope_id = scope;
  thread.connector_created = true;
  thread.users = std::move(users);
  chats_.touch(thread);
  return json::fields{}.add("success", true).add("thread_id", id).object();
}

std::string platform_side::rename_thread(call& x) {
  auto* thread = chats_.find({x.in.key.platform, std::string{x.get("message_id")}});
  if (!thread) return refused("thread not found");
  auto expected = x.get("only_if_current_name");
  if (!expected.empty() && thread->name != expected)
    return refused("thread_rename: the current name is another one", "guard_failed");
  if (json::flag(x.action, "only_if_connector_created", false) && !thread->connector_created)
    return refused("thread_rename: the thread is not one that the connector created", "guard_failed");
  thread->name = x.get("thread_name");
  chats_.touch(*thread);
  return done();
}

} // namespace relay::connector
