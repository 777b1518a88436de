#include "relay_gateway/actors/inbound/core/session_aliases.hpp"

namespace relay::core {

void session_aliases::learn(const event_source& x) {
  // Only Discord has interactions, which come by a second queue (protocol.md 5.2).
  if (x.platform != "discord") return;
  // The session of a message that opens a thread is that thread's (protocol.md 5.1).
  const bool opens = x.thread_id.empty() && !x.prospective_thread_id.empty();
  const auto& thread = opens ? x.prospective_thread_id : x.thread_id;
  const auto& channel = thread.empty() ? x.chat_id : thread;
  const bool plain = thread.empty() && x.chat_type == (x.scope_id.empty() ? "dm" : "group");
  if (plain) { // an interaction names it the same way
    if (auto* known = known_.find(channel)) known_.erase(*known);
    return;
  }
  bool fresh = false;
  auto& known = known_.put(channel, fresh);
  known.value = {x.chat_id, opens ? "thread" : x.chat_type, thread};
  if (fresh) known_.touch(known);
  if (known_.size() > max_) known_.erase(*known_.oldest());
}

event_source session_aliases::keyed(const inbound_event& x) const {
  auto out = x.source;
  if (!x.interaction) return out;
  if (const auto* known = known_.find(out.chat_id)) {
    out.chat_id = known->value.chat_id;
    out.chat_type = known->value.chat_type;
    out.thread_id = known->value.thread_id;
  }
  return out;
}

} // namespace relay::core
