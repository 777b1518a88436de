// Typed construction and validated decoding of actions (protocol.md 6). Thread-safe, never throws.
#pragma once

#include "messages/action.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// Either a valid action or one line that names the field that is wrong.
struct action_or_error {
  relay::action value;
  std::string error; ///< empty = valid
  explicit operator bool() const noexcept { return error.empty(); }
};

/// Decodes an action object given as JSON text and validates the required fields and their types for its op.
action_or_error decode_action(std::string_view json);
/// The action object as JSON text, with discriminators merged into its metadata where it lacks them.
std::string encode_action(const action& x, const discriminators& who = {});

// The ops that an embedding program uses most. `metadata` is a JSON object text or empty.
action send(std::string chat_id, std::string content, std::string reply_to = {}, std::string metadata = {});
action edit(std::string chat_id, std::string message_id, std::string content, std::string metadata = {});
action typing(std::string chat_id, std::string metadata = {});
action react(std::string chat_id, std::string message_id, std::string_view emoji, bool remove = false);

} // namespace relay::wire
