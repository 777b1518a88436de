// What the gateway has to know about each op of protocol.md 6, beside its members (action_rules): one table
// for all who ask.
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
  before,    ///< as sends before it: what it shows stands last
  behind,    ///< as sends behind it
  cut        ///< only the first piece leaves
};

struct op_traits {
  op kind = op::send;
  bool needs_text = false; ///< `content` is always there, and must not be white space alone
  bool answers = true;     ///< it is an answer to its turn; indicators, reactions and questions are not
  bool ends_turn = false; ///< its outcome decides what its turn's message shows; of a draft its final state's
  bool best_effort = false;  ///< a platform without it is no failure
  bool recorded = true;      ///< worth a write to the disk: it must not be lost
  bool replaces = false;     ///< a newer one of the same message takes the place of an older one that waits
  bool needs_parent = false; ///< it acts on a thread: its chat is the parent, which decides route and tenant
  bool holds_chat = true;    ///< the next frame of its chat waits for its result
  text_overflow overflow = text_overflow::none;
};

inline constexpr op_traits op_table[] = {
    // kind, needs_text, answers, ends_turn, best_effort, recorded, replaces, needs_parent, holds_chat,
    // overflow
    {op::send, true, true, true, false, true, false, false, true, text_overflow::repeated},
    {op::edit, true, true, false, false, true, true, false, true, text_overflow::continued},
    {op::typing, false, false, false, true, false, false, false, true, text_overflow::cut},
    {op::follow_up, true, true, true, false, true, false, false, true, text_overflow::repeated},
    {op::get_chat_info, false, false, false, false, false, false, false, true, text_overflow::none},
    {op::send_media, false, true, true, false, true, false, false, true, text_overflow::behind},
    {op::prompt, true, true, false, false, true, false, false, true, text_overflow::before},
    {op::react, false, false, false, true, true, false, false, false, text_overflow::none},
    {op::remove, false, true, false, false, true, false, false, true, text_overflow::none},
    {op::draft, true, true, true, false, true, true, false, true, text_overflow::behind},
    {op::task_card, false, true, false, false, true, false, false, true, text_overflow::none},
    {op::task_card_stop, false, true, false, false, true, false, false, true, text_overflow::none},
    {op::thread_create, false, true, false, false, true, false, true, true, text_overflow::none},
    {op::thread_rename, false, true, false, false, true, false, true, true, text_overflow::none},
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
