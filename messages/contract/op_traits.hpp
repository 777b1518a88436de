// What the gateway has to know about each op of protocol.md 6, beside its members
// (messages/wire/actions/action_rules): one table for all who ask.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace relay {

/// How a text that is longer than its platform takes leaves.
enum class text_overflow : std::uint8_t {
  none,      ///< the op has no text
  repeated,  ///< one frame of the op per piece
  continued, ///< the message gets the first piece, further messages the others
  removed,   ///< it shows none: the message goes, and the further messages that carry its text
  before,    ///< as sends before it: what it shows stands last
  behind,    ///< as sends behind it
  cut        ///< only the first piece leaves
};

struct op_traits {
  op kind = op::send;
  text_overflow overflow = text_overflow::none;
  bool needs_text = false; ///< `content` is always there, and must not be white space alone
  bool answers = true;     ///< it is an answer to its turn; indicators, reactions and questions are not
  bool ends_turn = false; ///< its outcome decides what its turn's message shows; of a draft its final state's
  bool ends_status = false;  ///< it ends what the platform shows of its chat, as typing does
  bool best_effort = false;  ///< a platform without it is no failure
  bool skippable = false;    ///< it is worth nothing when it would have to wait
  bool recorded = true;      ///< worth a write to the disk: it must not be lost
  bool replaces = false;     ///< a newer one of the same message takes the place of an older one that waits
  bool needs_parent = false; ///< it acts on a thread: its chat is the parent, which decides route and tenant
  bool names_thread = false; ///< that thread is its message
  bool holds_chat = true;    ///< the next frame of its chat waits for its result
  bool streams = false;      ///< needs a platform that shows messages while they are written
  bool known_here = false;   ///< where the platform lacks it, the gateway answers with what it knows itself
  bool says_reply = false;   ///< `reply_to` is always there, null for none
  bool assumed = false;      ///< taken by a connector that lists no ops
};

inline constexpr op_traits op_table[] = {
    {.kind = op::send,
     .overflow = text_overflow::repeated,
     .needs_text = true,
     .ends_turn = true,
     .ends_status = true,
     .says_reply = true,
     .assumed = true},
    {.kind = op::edit,
     .overflow = text_overflow::continued,
     .needs_text = true,
     .replaces = true,
     .assumed = true},
    {.kind = op::typing,
     .overflow = text_overflow::cut,
     .answers = false,
     .best_effort = true,
     .skippable = true,
     .recorded = false,
     .assumed = true},
    {.kind = op::follow_up,
     .overflow = text_overflow::repeated,
     .needs_text = true,
     .ends_turn = true,
     .assumed = true},
    {.kind = op::get_chat_info, .answers = false, .recorded = false, .known_here = true},
    {.kind = op::send_media, .overflow = text_overflow::behind, .ends_turn = true, .ends_status = true},
    {.kind = op::prompt, .overflow = text_overflow::before, .needs_text = true, .ends_status = true},
    {.kind = op::react, .answers = false, .best_effort = true, .holds_chat = false},
    {.kind = op::remove, .overflow = text_overflow::removed},
    {.kind = op::draft,
     .overflow = text_overflow::behind,
     .needs_text = true,
     .ends_turn = true,
     .replaces = true,
     .streams = true},
    {.kind = op::task_card},
    {.kind = op::task_card_stop},
    {.kind = op::thread_create, .needs_parent = true},
    {.kind = op::thread_rename, .needs_parent = true, .names_thread = true},
};

namespace detail {
constexpr bool op_table_is_in_order() {
  for (std::size_t i = 0; i < std::size(op_table); ++i)
    if (static_cast<std::size_t>(op_table[i].kind) != i) return false;
  return std::size(op_table) == op_count;
}
static_assert(op_table_is_in_order(), "one row per op, in the order of the enum");
} // namespace detail

constexpr const op_traits& traits_of(op x) { return op_table[static_cast<std::size_t>(x)]; }

} // namespace relay
