#include "relay_gateway/actors/egress/core/action_shape.hpp"

#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

namespace relay::core {

const descriptor& destination(const descriptor_set* known, const std::string& platform) {
  static const descriptor defaults;
  const auto* found = known ? known->find(platform) : nullptr;
  return found ? *found : defaults;
}

bool says_nothing(const action& x) { return traits_of(x.kind).needs_text && wire::is_blank(x.content); }

action_result nothing_said() {
  return action_result::failed(to_string(ec::bad_action), "content must not be white space alone");
}

bool may_skip(const action& x) { return traits_of(x.kind).skippable && !clears_status(x); }

action_shape shape_of(const action& x, const descriptor& to, std::optional<bool> begun_as_text) {
  action_shape out{x.kind};
  const auto* prompt = prompt_of(x);
  if (prompt == nullptr) return out;
  const bool has_buttons = begun_as_text ? !*begun_as_text : to.supports(x.kind);
  if (!has_buttons && !to.supports(op::send)) return out;
  out.prompt = prompt;
  out.as_text = !has_buttons;
  if (!has_buttons) out.kind = op::send;
  return out;
}

bool offers(const descriptor& to, const action& x, op kind) {
  // A draft needs more than its name in the list (protocol.md 6).
  if (traits_of(kind).streams && !to.supports_draft_streaming) return false;
  // Old connectors know no clear: to them its empty text is one more status (F65).
  if (clears_status(x) && to.supported_ops.empty()) return false;
  return to.supports(kind);
}

std::optional<op> missing_op(const descriptor& to, const action& x, const text_frame_list& pieces,
                             std::size_t from) {
  for (std::size_t i = from; i < pieces.size(); ++i)
    if (!offers(to, x, pieces[i].kind)) return pieces[i].kind;
  return std::nullopt;
}

} // namespace relay::core
