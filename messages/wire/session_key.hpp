// The key under which an agent keeps a conversation (protocol.md 5.1).
#pragma once

#include "messages/event.hpp"

#include <string>

namespace relay::wire {

struct session_rules {
  bool group_sessions_per_user = true;
  bool thread_sessions_per_user = false;
};
std::string session_key(const event_source& from, const session_rules& rules);

} // namespace relay::wire
