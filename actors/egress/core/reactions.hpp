// What users see on their message while it is worked on (protocol.md 6, Reactions): eyes at first, then how
// it ended. Best effort: nothing waits for it and nothing is repeated.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/contract/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {

/// How a turn ended. After an unknown end the first reaction is removed and no other one is shown.
enum class turn_end : std::uint8_t { answered, failed, unknown };

/// The emoji of a platform: one outside of its own set would never land (F64).
std::string_view working_emoji(const std::string& platform);
std::string_view ending_emoji(const std::string& platform, bool answered);

/// Whether the event stands for a message that can be reacted to; an interaction has an id of another kind.
bool carries_reactions(const inbound_event& x);
/// Whether the outcome of this action ends the turn that it answers: the first final reply does. A prompt, a
/// typing or an edit does not, nor does a draft before its last piece.
bool ends_turn(const action& x);

/// The turns that show something. Bounded by number and age: the oldest is forgotten first.
class shown_reactions {
public:
  shown_reactions(std::size_t max_turns, milliseconds max_age)
      : max_(max_turns < 1 ? 1 : max_turns), max_age_(max_age) {}

  /// A delivery reached an agent. What to send now; a repeat of an open turn asks for nothing. `able`:
  /// whether it can be sent at all; if not, there will be nothing to remove.
  std::vector<action> begun(const std::string& delivery_id, const chat_key& chat,
                            const std::string& message_id, bool able, instant now);
  /// The turn is over: what to send, in order. Later ends of the same turn say nothing.
  std::vector<action> ended(const std::string& delivery_id, turn_end how);
  std::size_t size() const { return turns_.size(); }

private:
  struct turn {
    chat_key chat;
    std::string message_id;
    bool shown = false, open = true;
    instant at{};
  };
  std::size_t max_;
  milliseconds max_age_;
  aged_map<std::string, turn> turns_; ///< by delivery
};

} // namespace relay::core
