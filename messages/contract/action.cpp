#include "relay_gateway/messages/contract/action.hpp"

#include <array>

namespace relay {

namespace {
constexpr std::array<std::string_view, op_count> op_names{
    "send",  "edit",   "typing", "follow_up", "get_chat_info",  "send_media",    "prompt",
    "react", "delete", "draft",  "task_card", "task_card_stop", "thread_create", "thread_rename"};
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

} // namespace relay
