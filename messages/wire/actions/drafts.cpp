#include "relay_gateway/messages/wire/actions/drafts.hpp"

#include "relay_gateway/messages/wire/json/json_members.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace relay::wire {

namespace {

/// `rest` without the draft's own members; `final` put back as told.
std::string rest_of(const action& x, bool keep_id, bool final) {
  std::string out;
  json::document doc;
  json::object_writer to{out};
  if (doc.parse(x.rest) && doc.root().IsObject()) {
    json::append_members(to, out, doc.root(), x.rest, [&](std::string_view name) {
      return name != "final" && (name != "draft_id" || keep_id);
    });
  }
  if (final) to.boolean("final", true);
  to.end();
  return out == "{}" ? std::string{} : out;
}

} // namespace

bool read_draft(const action& x, draft_state& out) {
  json::document doc;
  if (x.kind != op::draft || !doc.parse(x.rest) || !doc.root().IsObject()) return false;
  const auto* id = json::find(doc.root(), "draft_id");
  const auto* final = json::find(doc.root(), "final");
  if (id == nullptr || !json::to_id(*id, out.id) || final == nullptr || !final->IsBool()) return false;
  out.final = final->GetBool();
  return true;
}

action seal_draft(const action& x) {
  auto out = x;
  out.rest = rest_of(x, true, true);
  return out;
}

action draft_as_text(const action& x) {
  auto out = x;
  out.kind = op::send;
  out.rest = rest_of(x, false, false);
  return out;
}

action text_beside(const action& x) {
  constexpr std::string_view own[] = {"prompt_kind", "prompt_id", "options",  "timeout_s", "media_kind",
                                      "source_url",  "filename",  "draft_id", "final"};
  action out;
  out.kind = op::send;
  out.chat_id = x.chat_id;
  out.metadata = x.metadata;
  json::document doc;
  if (!doc.parse(x.rest) || !doc.root().IsObject()) return out;
  json::object_writer to{out.rest};
  json::append_members(to, out.rest, doc.root(), x.rest, [&](std::string_view name) {
    return std::find(std::begin(own), std::end(own), name) == std::end(own);
  });
  to.end();
  if (out.rest == "{}") out.rest.clear();
  return out;
}

} // namespace relay::wire
