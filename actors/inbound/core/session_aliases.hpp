// One place, one session (F26): a chat message and an interaction of the same Discord place must build the
// same session key. The message queue decides how a place is called, since its keys are exactly what
// protocol.md 5.1 makes of its fields; an interaction, whose fields the gateway made itself, follows it.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/messages/contract/event.hpp"

#include <cstddef>
#include <string>

namespace relay::core {

/// Remembers the places that the message queue calls otherwise than an interaction would: threads that are
/// named as a thread of their parent, threads that an interaction did not tell of, guild channels called
/// `channel`. All others need no memory. Bounded: what was learned first goes first.
class session_aliases {
public:
  explicit session_aliases(std::size_t max) : max_(max < 1 ? 1 : max) {}

  /// An event of the message queue.
  void learn(const event_source& x);
  /// What the session key of this event is made of. Not where it is answered: that stays the event's own.
  event_source keyed(const inbound_event& x) const;
  std::size_t size() const { return known_.size(); }

private:
  struct place {
    std::string chat_id, chat_type, thread_id;
  };
  std::size_t max_;
  aged_map<std::string, place> known_; ///< by the channel id that an interaction there has
};

} // namespace relay::core
