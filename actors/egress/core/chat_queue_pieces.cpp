// The part of chat_queue that cuts an action into what leaves.
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"

#include <utility>

namespace relay::core {

std::string chat_queue::cut(item& x, const descriptor& to) {
  x.numbered.reset();
  if (x.as_text) x.numbered = wire::numbered_prompt(x.act);
  const auto& said = x.numbered ? *x.numbered : x.act;
  if (auto fault = too_many_messages(said, to); !fault.empty()) return fault;
  const auto how = traits_of(said.kind).overflow;
  const bool further_messages = how == text_overflow::continued || how == text_overflow::removed;
  const auto* further = further_messages ? memory_.further(said.message_id) : nullptr;
  auto pieces = text_frames(said, to, further ? *further : std::vector<std::string>{});
  if (x.numbered) x.numbered->content = {}; // the pieces have it, and each of them asks for the rest
  if (x.lost > 0 && x.pieces != pieces) x.lost_before = x.lost;
  x.pieces = std::move(pieces);
  return {};
}

} // namespace relay::core
