#include "relay_gateway/messages/wire/actions/result_codec.hpp"

#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/http/retry_after.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"

namespace relay::wire {

namespace {

bool contains_ignoring_case(std::string_view text, std::string_view lower_case) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; };
  for (std::size_t at = 0; at + lower_case.size() <= text.size(); ++at) {
    std::size_t i = 0;
    while (i < lower_case.size() && same(text[at + i], lower_case[i])) ++i;
    if (i == lower_case.size()) return true;
  }
  return false;
}

// The frame reached the wire and something answered, but not what: that is neither done nor certainly not
// done.
action_result unreadable() { return action_result::ambiguous("the connector's result cannot be read"); }

/// As the connector said it. The id of a prompt is ours to say, so a connector's own word on it goes.
void append_raw_result(std::string& out, const action_result& x) {
  if (x.prompt_id.empty()) {
    out += x.raw;
    return;
  }
  json::document doc;
  doc.parse(x.raw);
  json::object_writer to{out};
  if (doc.root().IsObject()) {
    json::append_members(to, out, doc.root(), doc.text(),
                         [](std::string_view name) { return name != "prompt_id"; });
  }
  to.text("prompt_id", x.prompt_id).end();
}

/// What `get_chat_info` asks for: inside the result or flat (protocol.md 6).
bool tells_of_a_chat(const json::value& from) {
  return json::object(from, "chat_info") != nullptr ||
         (!json::text(from, "name").empty() && !json::text(from, "type").empty());
}

/// How long a failure asks to wait, in ms; 0 when it names no positive number.
std::int64_t asked_wait(const json::value& from) {
  for (const auto* name : {"retry_after", "retryAfter"}) {
    const auto* x = json::find(from, name);
    if (x == nullptr || !x->IsNumber()) continue;
    const auto seconds = x->GetDouble();
    // 0 asks for another try as well, and must not be taken for no wish.
    if (seconds == 0) return 1;
    return wait_of_seconds(seconds).count();
  }
  return 0;
}

/// A result that does not say whether it is a success, with what it counts as.
std::string completed(const json::value& from, std::string_view source, const action_result& x) {
  std::string out;
  json::object_writer to{out};
  to.boolean("success", x.how == outcome::done).optional("error", x.error);
  json::append_members(to, out, from, source,
                       [](std::string_view name) { return name != "success" && name != "error"; });
  to.end();
  return out;
}

} // namespace

action_result read_result(const json::value& from, std::string_view source) {
  if (!from.IsObject()) return unreadable();
  action_result out;
  const auto* said = json::find(from, "success");
  const bool silent = said == nullptr || !said->IsBool();
  const bool done = json::flag(from, "success") || (said == nullptr && tells_of_a_chat(from));
  out.how = done ? outcome::done : outcome::definite;
  out.message_id = json::id(from, "message_id");
  if (const auto* ids = json::array(from, "message_ids"))
    for (const auto& x : ids->GetArray())
      if (std::string id; json::to_id(x, id)) out.message_ids.push_back(std::move(id));
  out.error = json::text(from, "error");
  out.code = json::text(from, "code");
  // Ambiguity wins over everything else, also over a text that sounds like a refusal (F55).
  if (json::flag(from, "ambiguous")) out.how = outcome::unknown;
  if (out.how != outcome::done && out.error.empty())
    out.error = "the connector reported a failure without a reason";
  if (out.how == outcome::definite && out.code.empty() &&
      contains_ignoring_case(out.error, "egress declined:"))
    out.code = "egress_declined";
  if (out.how == outcome::definite && out.code != "egress_declined") out.retry_after_ms = asked_wait(from);
  out.raw = silent ? completed(from, source, out) : json::text_of(from, source);
  return out;
}

void append_result(std::string& out, const action_result& x) {
  if (!x.raw.empty()) {
    append_raw_result(out, x);
    return;
  }
  json::object_writer to{out};
  to.boolean("success", x.how == outcome::done).optional("message_id", x.message_id);
  if (!x.message_ids.empty()) to.texts("message_ids", x.message_ids);
  to.optional("error", x.error)
      .optional("code", x.code)
      .flag("ambiguous", x.how == outcome::unknown)
      .optional("prompt_id", x.prompt_id)
      .end();
}

std::string encode_result(const action_result& x) {
  std::string out;
  append_result(out, x);
  return out;
}

action_result decode_result(std::string_view text) {
  json::document doc;
  return doc.parse(text) ? read_result(doc.root(), doc.text()) : unreadable();
}

} // namespace relay::wire
