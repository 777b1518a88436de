#include "relay_gateway/actors/egress/core/reactions.hpp"

#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

namespace relay::core {

std::string_view working_emoji(const std::string&) { return "\U0001F440"; }

std::string_view ending_emoji(const std::string& platform, bool answered) {
  // Telegram takes reactions from a fixed set that has neither the check mark nor the cross.
  if (platform == "telegram") return answered ? "\U0001F44D" : "\U0001F44E";
  return answered ? "\u2705" : "\u274C";
}

bool carries_reactions(const inbound_event& x) {
  return !x.message_id.empty() && !x.source.chat_id.empty() && !x.interaction;
}

bool ends_turn(const action& x) {
  const auto& traits = traits_of(x.kind);
  if (!traits.streams) return traits.ends_turn;
  const auto* draft = draft_of(x);
  return draft != nullptr && draft->final;
}

std::vector<action> shown_reactions::begun(const std::string& delivery_id, const chat_key& chat,
                                           const std::string& message_id, bool able, instant now) {
  bool fresh = false;
  auto& entry = turns_.put(delivery_id, fresh);
  if (!fresh) return {};
  turns_.touch(entry);
  auto& x = entry.value;
  x.chat = chat;
  x.message_id = message_id;
  x.shown = able;
  x.at = now;
  while (turns_.size() > max_ || (turns_.size() > 0 && now - turns_.oldest()->value.at >= max_age_))
    turns_.erase(*turns_.oldest());
  if (!able) return {};
  return {wire::react(chat.chat_id, message_id, working_emoji(chat.platform))};
}

std::vector<action> shown_reactions::ended(const std::string& delivery_id, turn_end how) {
  auto* known = turns_.find(delivery_id);
  if (known == nullptr || !known->value.open) return {};
  auto& x = known->value;
  x.open = false; // kept, so that a redelivery does not begin it anew
  std::vector<action> out;
  auto& platform = x.chat.platform;
  if (x.shown) out.push_back(wire::react(x.chat.chat_id, x.message_id, working_emoji(platform), true));
  if (how != turn_end::unknown)
    out.push_back(
        wire::react(x.chat.chat_id, x.message_id, ending_emoji(platform, how == turn_end::answered)));
  return out;
}

} // namespace relay::core
