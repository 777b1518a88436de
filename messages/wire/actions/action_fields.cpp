#include "relay_gateway/messages/wire/actions/action_fields.hpp"

#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/json/object_members.hpp"

#include <algorithm>
#include <utility>

namespace relay::wire {

namespace {

std::uint64_t milliseconds_of(const json::value* seconds) {
  constexpr double longest_s = 1e9; // beyond every lifetime, and safe to convert
  if (seconds == nullptr || !seconds->IsNumber()) return 0;
  const auto s = std::clamp(seconds->GetDouble(), 0.0, longest_s);
  return s > 0 ? std::max<std::uint64_t>(1, static_cast<std::uint64_t>(s * 1000)) : 0;
}

prompt_fields prompt_fields_of(const json::value& from, const json::value* metadata) {
  prompt_fields out;
  out.id = json::text(from, "prompt_id");
  if (const auto* options = json::array(from, "options"))
    for (const auto& option : options->GetArray())
      out.options.push_back({json::text(option, "id"), json::text(option, "label")});
  out.timeout_ms = milliseconds_of(json::find(from, "timeout_s"));
  out.approval = json::text(from, "prompt_kind") == "approval";
  if (metadata != nullptr) {
    out.thread_id = json::id(*metadata, "thread_id");
    out.profile = json::id(*metadata, "profile");
  }
  return out;
}

action_fields draft_fields_of(const json::value& from) {
  draft_fields out;
  const auto* id = json::find(from, "draft_id");
  const auto* final = json::find(from, "final");
  if (id == nullptr || !json::to_id(*id, out.id) || final == nullptr || !final->IsBool())
    return passthrough_fields{};
  out.final = final->GetBool();
  return out;
}

typing_fields typing_fields_of(const json::value& from) {
  // Said to be empty, not left out: an absent content starts the indicator (F65).
  const auto* content = json::find(from, "content");
  return {content != nullptr && content->IsString() && content->GetStringLength() == 0};
}

/// The file of a send_media that brings one; empty when it does not.
media_fields media_fields_of(const json::value& from) {
  media_fields out;
  out.file.path = json::text(from, "source_path");
  if (out.file.empty()) return out;
  out.file.mime = json::text(from, "mime");
  out.file.name = json::text(from, "filename");
  if (out.file.name.empty()) out.file.name = out.file.path.substr(out.file.path.rfind('/') + 1);
  return out;
}

} // namespace

action_fields fields_of(op kind, const json::value& members, const json::value* metadata) {
  switch (kind) {
  case op::typing: return typing_fields_of(members);
  case op::follow_up:
    return follow_up_fields{json::text(members, "session_key"), json::text(members, "kind")};
  case op::send_media: return media_fields_of(members);
  case op::prompt: return prompt_fields_of(members, metadata);
  case op::draft: return draft_fields_of(members);
  case op::task_card:
  case op::task_card_stop: return card_fields{json::id(members, "card_id")};
  case op::thread_create:
  case op::thread_rename: return thread_fields{json::text(members, "thread_name")};
  default: return passthrough_fields{};
  }
}

void read_rest(action& x, std::string_view members) {
  x.rest = {};
  json::document doc, metadata;
  if (members.empty()) members = "{}";
  const bool is_object = doc.parse(members) && doc.root().IsObject();
  const bool has_metadata = !x.metadata.empty() && metadata.parse(x.metadata) && metadata.root().IsObject();
  x.fields = fields_of(x.kind, doc.root(), has_metadata ? &metadata.root() : nullptr);
  if (!is_object) return;
  json::member_writer to{x.rest};
  json::for_each_member(doc.root(), doc.text(),
                        [&](std::string_view name, const json::value& value, std::string_view text) {
                          to.as_it_came(name, value, text);
                        });
  if (auto* prompt = std::get_if<prompt_fields>(&x.fields)) prompt->fault = check(x);
}

} // namespace relay::wire
