// What an agent asks the connector to do (protocol.md 6).
#pragma once

#include "relay_gateway/messages/contract/action_fields.hpp"
#include "relay_gateway/messages/contract/object_text.hpp"
#include "relay_gateway/messages/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace relay {

enum class op : std::uint8_t {
  send,
  edit,
  typing,
  follow_up,
  get_chat_info,
  send_media,
  prompt,
  react,
  remove,
  draft,
  task_card,
  task_card_stop,
  thread_create,
  thread_rename
};
inline constexpr std::uint8_t op_count = 14;
/// The name on the wire; `remove` is `delete` there, which C++ keeps for itself.
std::string_view to_string(op x);
/// The op of a wire name; false when the contract knows none of that name.
bool from_string(std::string_view name, op& out);

/// One outbound action, decoded once where it enters the gateway. The gateway acts on the typed fields; all
/// members but the first ones leave as they came, in `rest`.
/// Make one with wire::decode_action or the functions of messages/wire/actions/action_makers.hpp.
struct action {
  op kind = op::send;
  std::string chat_id;
  std::string content;    ///< the text, where the op has one
  std::string message_id; ///< the message that edit, delete, react, thread_* act on
  std::string reply_to;
  std::string metadata;   ///< the metadata object as JSON text; empty = none
  action_fields fields{}; ///< what is the op's own, as far as the gateway acts on it
  object_text rest{};     ///< the remaining members, the op's own among them
  friend bool operator==(const action&, const action&) = default;
};

// The op's own fields; null when the action is of another op, or put together by hand without them.
inline const follow_up_fields* follow_up_of(const action& x) {
  return x.kind == op::follow_up ? std::get_if<follow_up_fields>(&x.fields) : nullptr;
}
/// Null also when it is no valid prompt.
inline const prompt_fields* prompt_of(const action& x) {
  const auto* out = x.kind == op::prompt ? std::get_if<prompt_fields>(&x.fields) : nullptr;
  return out != nullptr && out->fault.empty() ? out : nullptr;
}
inline const draft_fields* draft_of(const action& x) {
  return x.kind == op::draft ? std::get_if<draft_fields>(&x.fields) : nullptr;
}
/// The file that has to be in the connector's store before the action can go out; null when there is none.
inline const local_file* file_of(const action& x) {
  const auto* media = std::get_if<media_fields>(&x.fields);
  return media != nullptr && !media->file.empty() ? &media->file : nullptr;
}
/// Whether it is a `typing` that takes the status back.
inline bool clears_status(const action& x) {
  const auto* typing = std::get_if<typing_fields>(&x.fields);
  return typing != nullptr && typing->clears;
}
/// Bytes that it holds, about.
std::size_t size_of(const action& x);
/// One line that names what the action lacks: of an embedder's, which no decoder has checked. Empty =
/// nothing. Only the members of ops that show a text are looked at.
std::string lacks(const action& x);

/// What makes an action routable to its tenant (protocol.md 6, routing rule 2). Empty = not known.
struct discriminators {
  std::string scope_id; ///< sent as `scope_id` and, for older connectors, as `guild_id`
  std::string user_id;
  std::string profile;
  bool empty() const { return scope_id.empty() && user_id.empty() && profile.empty(); }
  friend bool operator==(const discriminators&, const discriminators&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, discriminators& x) {
  return f(caf::meta::type_name("discriminators"), x.scope_id, x.user_id, x.profile);
}

/// How an action is tagged on the wire: the pair of the frame, its discriminators and its thread. Both tags
/// empty = the connector's session default.
struct route {
  std::string platform;
  std::string bot_id;
  discriminators who;
  std::string thread_id{}; ///< `metadata.thread_id` of an action that names none (routing 5 and 6)
  bool flat = false;       ///< an action that names no thread loses what it replies to (routing 5)
  friend bool operator==(const route&, const route&) = default;
};

} // namespace relay
