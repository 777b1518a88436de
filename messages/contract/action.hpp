// What an agent asks the connector to do (protocol.md 6).
#pragma once

#include "relay_gateway/messages/ids.hpp"
#include "relay_gateway/messages/media.hpp"

#include <cstdint>
#include <string>
#include <string_view>

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

/// One outbound action. The gateway acts on the typed fields; all others travel in `rest` as they came.
/// Make one with wire::decode_action or the functions of messages/wire/actions/actions.hpp, which validate.
struct action {
  op kind = op::send;
  std::string chat_id;
  std::string content;    ///< the text, where the op has one
  std::string message_id; ///< the message that edit, delete, react, thread_* act on
  std::string reply_to;
  std::string session_key;    ///< follow_up only
  std::string follow_up_kind; ///< follow_up only: `<platform>.<capability>`
  std::string metadata;       ///< the metadata object as JSON text; empty = none
  std::string rest;           ///< the remaining members as a JSON object text; empty = none
  local_file file{};          ///< send_media only: uploaded first; never on the wire itself
  friend bool operator==(const action&, const action&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, action& x) {
  return f(caf::meta::type_name("action"), x.kind, x.chat_id, x.content, x.message_id, x.reply_to,
           x.session_key, x.follow_up_kind, x.metadata, x.rest, x.file);
}

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
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, route& x) {
  return f(caf::meta::type_name("route"), x.platform, x.bot_id, x.who, x.thread_id, x.flat);
}

} // namespace relay
