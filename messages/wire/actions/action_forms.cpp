#include "relay_gateway/messages/wire/actions/action_forms.hpp"

#include "relay_gateway/messages/wire/json/json_sorted.hpp"
#include "relay_gateway/messages/wire/json/object_members.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <string>

namespace relay::wire {

void name_prompt(action& x, std::string_view id) {
  x.rest.remove({"prompt_id"});
  x.rest.add_first(R"("prompt_id")", json::quoted(id));
  if (auto* prompt = std::get_if<prompt_fields>(&x.fields)) prompt->id = id;
}

action numbered_prompt(const action& x) {
  action out = x;
  out.kind = op::send;
  out.fields = passthrough_fields{};
  out.rest.remove({"prompt_kind", "prompt_id", "options", "timeout_s"});
  const auto* prompt = prompt_of(x);
  if (prompt == nullptr) return out;
  std::size_t number = 0;
  for (const auto& option : prompt->options) {
    if (!out.content.empty()) out.content += number == 0 ? "\n\n" : "\n";
    out.content += std::to_string(++number) + ". ";
    out.content += option.label.empty() ? option.id : on_one_line(option.label);
  }
  return out;
}

action seal_draft(const action& x) {
  auto out = x;
  out.rest.remove({"final"});
  json::member_writer{out.rest}.boolean("final", true);
  if (auto* draft = std::get_if<draft_fields>(&out.fields)) draft->final = true;
  return out;
}

action draft_as_text(const action& x) {
  auto out = x;
  out.kind = op::send;
  out.fields = passthrough_fields{};
  out.rest.remove({"draft_id", "final"});
  return out;
}

action text_beside(const action& x) {
  action out;
  out.kind = op::send;
  out.chat_id = x.chat_id;
  out.metadata = x.metadata;
  out.rest = x.rest;
  out.rest.remove({"prompt_kind", "prompt_id", "options", "timeout_s", "media_kind", "source_url", "filename",
                   "draft_id", "final"});
  return out;
}

void with_source(action& x, std::string_view source_url) {
  json::member_writer{x.rest}.text("source_url", source_url);
  x.fields = media_fields{};
}

sorted_members sorted_members_of(const action& x) {
  return {json::sorted(x.metadata), json::sorted(x.rest.text())};
}

} // namespace relay::wire
