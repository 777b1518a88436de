#include "relay_gateway/messages/wire/actions/action_rules.hpp"

#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <algorithm>
#include <vector>

namespace relay::wire {

namespace {

enum class shape : std::uint8_t {
  text,   ///< any string
  filled, ///< a string that is not empty
  id,     ///< the same, or an integer
  integer,
  boolean,
  seconds,    ///< a number that is not negative
  list,       ///< an array
  options,    ///< [{id, label, style?}], ids as prompts need them
  web_url,    ///< http or https, whole
  path,       ///< of a file, absolute
  mime,       ///< type/subtype
  media_kind, ///< one of the fixed words
  prompt_kind
};

const char* demand(shape x) {
  switch (x) {
  case shape::text: return "must be a string";
  case shape::filled:
  case shape::id: return "must be a non-empty string";
  case shape::integer: return "must be an integer";
  case shape::boolean: return "must be true or false";
  case shape::seconds: return "must be a number that is not negative";
  case shape::list: return "must be an array";
  case shape::options:
    return "must be an array of {id, label, style?}, ids of 1 to 32 letters, digits, _ . -";
  case shape::web_url: return "must be an http or https URL (a file of this machine goes as source_path)";
  case shape::path: return "must be an absolute path";
  case shape::mime: return "must be a media type like image/png";
  case shape::media_kind: return "must be one of image voice audio video document";
  case shape::prompt_kind: return "must be one of approval clarify choice";
  }
  return "is wrong";
}

bool one_of(const json::value& x, std::initializer_list<std::string_view> words) {
  return x.IsString() && std::find(words.begin(), words.end(), json::view(x)) != words.end();
}

bool is_option(const json::value& x) {
  const auto* id = json::find(x, "id");
  const auto* label = json::find(x, "label");
  const auto* style = json::find(x, "style");
  return id != nullptr && id->IsString() && is_option_id(json::view(*id)) && label != nullptr &&
         label->IsString() && (style == nullptr || style->IsNull() || style->IsString());
}

/// Nothing but these two schemes ever leaves (F50).
bool is_web_url(std::string_view x) {
  const auto where = parse_url(x);
  return where.valid && (where.scheme == "http" || where.scheme == "https");
}

bool is_path(std::string_view x) {
  constexpr std::size_t longest = 4096;
  return x.starts_with('/') && !x.ends_with('/') && x.size() < longest &&
         x.find('\0') == std::string_view::npos;
}

bool is_mime(std::string_view x) {
  constexpr std::size_t longest = 127;
  const auto allowed = [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != ',' && c != '\\'; };
  const auto slash = x.find('/');
  return x.size() <= longest && slash != std::string_view::npos && slash > 0 && slash + 1 < x.size() &&
         std::all_of(x.begin(), x.end(), allowed);
}

bool fits(const json::value& x, shape wanted) {
  switch (wanted) {
  case shape::text: return x.IsString();
  case shape::filled: return x.IsString() && x.GetStringLength() > 0;
  case shape::id: return x.IsInt64() || x.IsUint64() || (x.IsString() && x.GetStringLength() > 0);
  case shape::integer: return x.IsInt64() || x.IsUint64();
  case shape::boolean: return x.IsBool();
  case shape::seconds: return x.IsNumber() && x.GetDouble() >= 0;
  case shape::list: return x.IsArray();
  case shape::options: return x.IsArray() && std::all_of(x.Begin(), x.End(), is_option);
  case shape::web_url: return x.IsString() && is_web_url(json::view(x));
  case shape::path: return x.IsString() && is_path(json::view(x));
  case shape::mime: return x.IsString() && is_mime(json::view(x));
  case shape::media_kind: return one_of(x, {"image", "voice", "audio", "video", "document"});
  case shape::prompt_kind: return one_of(x, {"approval", "clarify", "choice"});
  }
  return false;
}

struct rule {
  op kind;
  std::string_view field;
  shape is;
  bool required = true;
};
constexpr bool optional = false;
constexpr rule rules[] = {{op::send, "chat_id", shape::id},
                          {op::send, "content", shape::text},
                          {op::send, "reply_to", shape::id, optional},
                          {op::edit, "chat_id", shape::id},
                          {op::edit, "message_id", shape::id},
                          {op::edit, "content", shape::text},
                          {op::typing, "chat_id", shape::id},
                          {op::typing, "content", shape::text, optional},
                          {op::follow_up, "session_key", shape::filled},
                          {op::follow_up, "kind", shape::filled},
                          {op::follow_up, "content", shape::text},
                          {op::get_chat_info, "chat_id", shape::id},
                          {op::send_media, "chat_id", shape::id},
                          {op::send_media, "media_kind", shape::media_kind},
                          {op::send_media, "source_url", shape::web_url, optional}, // one of these two
                          {op::send_media, "source_path", shape::path, optional},
                          {op::send_media, "mime", shape::mime, optional},
                          {op::send_media, "content", shape::text, optional},
                          {op::send_media, "filename", shape::text, optional},
                          {op::send_media, "reply_to", shape::id, optional},
                          {op::prompt, "chat_id", shape::id},
                          {op::prompt, "prompt_kind", shape::prompt_kind},
                          {op::prompt, "prompt_id", shape::filled, optional}, // without one we name it
                          {op::prompt, "content", shape::text},
                          {op::prompt, "options", shape::options},
                          {op::prompt, "timeout_s", shape::seconds, optional},
                          {op::prompt, "reply_to", shape::id, optional},
                          {op::react, "chat_id", shape::id},
                          {op::react, "message_id", shape::id},
                          {op::react, "emoji", shape::filled},
                          {op::react, "remove", shape::boolean, optional},
                          {op::remove, "chat_id", shape::id},
                          {op::remove, "message_id", shape::id},
                          {op::draft, "chat_id", shape::id},
                          {op::draft, "draft_id", shape::integer},
                          {op::draft, "content", shape::text},
                          {op::draft, "final", shape::boolean},
                          {op::task_card, "chat_id", shape::id},
                          {op::task_card, "card_id", shape::id},
                          {op::task_card, "chunks", shape::list},
                          {op::task_card_stop, "chat_id", shape::id},
                          {op::task_card_stop, "card_id", shape::id},
                          {op::task_card_stop, "chunks", shape::list, optional},
                          {op::thread_create, "chat_id", shape::id},
                          {op::thread_create, "thread_name", shape::filled},
                          {op::thread_create, "message_id", shape::id, optional},
                          {op::thread_rename, "chat_id", shape::id},
                          {op::thread_rename, "message_id", shape::id},
                          {op::thread_rename, "thread_name", shape::filled},
                          {op::thread_rename, "only_if_current_name", shape::text, optional},
                          {op::thread_rename, "only_if_connector_created", shape::boolean, optional}};

std::string complaint(op kind, std::string_view field, std::string_view what) {
  std::string out{to_string(kind)};
  out.append(": ").append(field).append(" ").append(what);
  return out;
}

std::string check_prompt(const json::value& from) {
  // An id that the gateway mints is short enough for every option.
  const auto id = json::text(from, "prompt_id");
  if (id.find(':') != std::string::npos)
    return complaint(op::prompt, "prompt_id", "must not contain a colon");
  const auto options = json::find(from, "options")->GetArray();
  std::vector<std::string_view> ids;
  for (const auto& x : options) {
    ids.push_back(json::view(*json::find(x, "id")));
    if (json::find(x, "label")->GetStringLength() > longest_id)
      return complaint(op::prompt, "options", "must have labels of at most 512 bytes");
    if (!prompt_token_fits(id, ids.back()))
      return complaint(op::prompt, "prompt_id", "and an option id are too long together");
  }
  // Of two options with one id nobody could tell which was chosen. Sorted, for a frame may hold very many.
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end())
    return complaint(op::prompt, "options", "must have different ids");
  return {};
}

std::string check_media(const json::value& from) {
  const auto given = [&](std::string_view name) {
    const auto* found = json::find(from, name);
    return found != nullptr && !found->IsNull();
  };
  if (given("source_url") && given("source_path"))
    return complaint(op::send_media, "source_path", "and source_url cannot both be given");
  if (!given("source_url") && !given("source_path"))
    return complaint(op::send_media, "source_url", "must be a non-empty string, or source_path be given");
  return {};
}

} // namespace

std::string check_action(op kind, const json::value& from) {
  for (const auto& rule : rules) {
    if (rule.kind != kind) continue;
    const auto* found = json::find(from, rule.field);
    const bool absent = found == nullptr || found->IsNull();
    // A field that may be left out may also be said to be empty.
    const bool blank = !rule.required && rule.is == shape::id && !absent && found->IsString() &&
                       found->GetStringLength() == 0;
    if (absent ? rule.required : !blank && !fits(*found, rule.is))
      return complaint(kind, rule.field, demand(rule.is));
  }
  const auto* metadata = json::find(from, "metadata");
  if (metadata != nullptr && !metadata->IsNull() && !metadata->IsObject())
    return complaint(kind, "metadata", "must be an object");
  if (kind == op::send_media) return check_media(from);
  return kind == op::prompt ? check_prompt(from) : std::string{};
}

} // namespace relay::wire
