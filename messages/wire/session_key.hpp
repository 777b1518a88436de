// The key under which an agent keeps a conversation (protocol.md 5.1).
#pragma once

#include "relay_gateway/messages/contract/event.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

struct session_rules {
  bool group_sessions_per_user = true;
  bool thread_sessions_per_user = false;
  /// A top-level message on Slack opens a thread of its own (protocol.md 6, routing 5).
  bool slack_message_threads = true;
};
/// `message_id`: see session_message(); empty keys the chat itself.
std::string session_key(const event_source& from, const session_rules& rules,
                        std::string_view message_id = {});
/// The message id that may name a session of its own. Empty for the press of a button: it is no message and
/// belongs to the place of its prompt.
std::string_view session_message(const inbound_event& x);
/// The profile that a key belongs to, empty for the default one. False when it is no such key; then `profile`
/// is as it was.
bool profile_of(std::string_view session_key, std::string& profile);
/// The chat type that counts for what answers an event: its own, but where an interaction that names no guild
/// says `dm` of a place that its session knows as something else.
std::string chat_type_of(const event_source& from, std::string_view session_key);

} // namespace relay::wire
