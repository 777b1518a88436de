#include "relay_gateway/actors/inbound/core/session_aliases.hpp"

namespace relay::core {

void session_aliases::learn(const event_source& x) {
  // Only this platform has a second queue (protocol.md 5.2).
  if (x.platform != "discord") return;
  // The session of a message that opens a thread is that thread's (protocol.md 5.1).
  const bool opens = x.thread_id.empty() && !x.prospective_thread_id.empty();
  const auto& thread = opens ? x.prospective_thread_id : x.thread_id;
  const auto& channel = thread.empty() ? x.chat_id : thread;
  const bool plain = thread.empty() && x.chat_type == (x.scope_id.empty() ? "dm" : "group");
  auto it = known_.find(channel);
  if (plain) { // as an interaction calls it
    if (it == known_.end()) return;
    ages_.erase(it->second.age);
    known_.erase(it);
    return;
  }
  if (it == known_.end()) {
    it = known_.try_emplace(channel).first;
    it->second.age = ages_.insert(ages_.end(), channel);
  }
  it->second.chat_id = x.chat_id;
  it->second.chat_type = opens ? "thread" : x.chat_type;
  it->second.thread_id = thread;
  if (known_.size() > max_) {
    known_.erase(ages_.front());
    ages_.pop_front();
  }
}

event_source session_aliases::keyed(const inbound_event& x) const {
  auto out = x.source;
  if (!x.interaction) return out;
  if (auto it = known_.find(out.chat_id); it != known_.end()) {
    out.chat_id = it->second.chat_id;
    out.chat_type = it->second.chat_type;
    out.thread_id = it->second.thread_id;
  }
  return out;
}

} // namespace relay::core
