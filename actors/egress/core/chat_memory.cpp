#include "relay_gateway/actors/egress/core/chat_memory.hpp"

namespace relay::core {

namespace {

constexpr std::size_t around_entry = 192; ///< the nodes that it is in

} // namespace

void chat_memory::open(const std::string& turn, std::string draft) {
  const auto bytes = around_entry + turn.size() + draft.size();
  drafts_.put(turn, std::move(draft), bytes);
}

void chat_memory::go_on(const std::string& message, std::vector<std::string> further) {
  auto bytes = around_entry + message.size();
  for (const auto& id : further) bytes += sizeof(std::string) + id.size();
  continued_.put(message, std::move(further), bytes);
}

void chat_memory::forget() { *this = chat_memory{}; }

} // namespace relay::core
