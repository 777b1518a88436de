// Actions as JSON text, validated (protocol.md 6); action_makers.hpp makes them without JSON. Thread-safe,
// never throws.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// Either a valid action or one line that names the field that is wrong.
struct action_or_error {
  relay::action value;
  std::string error;     ///< empty = valid
  bool too_many = false; ///< entries of a list: more than messages/lengths.hpp allows
  explicit operator bool() const noexcept { return error.empty(); }
};

/// Decodes an action object given as JSON text and validates the required fields and their types for its op.
action_or_error decode_action(std::string_view json);
/// The action object as JSON text, with discriminators merged into its metadata where it lacks them.
std::string encode_action(const action& x, const discriminators& who = {});

/// One line that names the field that decode_action would refuse; empty = fine.
std::string check(const action& x);

} // namespace relay::wire
