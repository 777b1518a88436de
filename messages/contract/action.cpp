#include "relay_gateway/messages/contract/action.hpp"

#include "relay_gateway/messages/contract/op_traits.hpp"

#include <array>

namespace relay {

namespace {
constexpr std::array<std::string_view, op_count> op_names{
    "send",  "edit",   "typing", "follow_up", "get_chat_info",  "send_media",    "prompt",
    "react", "delete", "draft",  "task_card", "task_card_stop", "thread_create", "thread_rename"};
static_assert(!op_names.back().empty(), "one name per op, in the order of the enum");
} // namespace

std::string_view to_string(op x) {
  auto i = static_cast<std::size_t>(x);
  return i < op_names.size() ? op_names[i] : "unknown";
}

bool from_string(std::string_view name, op& out) {
  for (std::size_t i = 0; i < op_names.size(); ++i) {
    if (op_names[i] == name) {
      out = static_cast<op>(i);
      return true;
    }
  }
  return false;
}

std::size_t size_of(const action& x) {
  return x.chat_id.size() + x.content.size() + x.metadata.size() + x.rest.size();
}

std::string lacks(const action& x) {
  const auto says = [&](const char* what) { return std::string{to_string(x.kind)} + ": " + what; };
  if (x.kind == op::follow_up) {
    const auto* to = follow_up_of(x);
    if (to == nullptr || to->session_key.empty()) return says("session_key must be a non-empty string");
    return to->kind.empty() ? says("kind must be a non-empty string") : std::string{};
  }
  if (x.chat_id.empty()) return says("chat_id must be a non-empty string");
  if (x.kind == op::edit && x.message_id.empty()) return says("message_id must be a non-empty string");
  if (x.kind == op::draft && draft_of(x) == nullptr) return says("draft_id must be an integer");
  if (x.kind != op::prompt || prompt_of(x) != nullptr) return {};
  const auto* prompt = std::get_if<prompt_fields>(&x.fields);
  return prompt != nullptr ? prompt->fault : says("prompt_kind must be one of approval clarify choice");
}

} // namespace relay
