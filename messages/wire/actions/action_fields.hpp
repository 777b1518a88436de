// The typed fields of an action (messages/contract/action_fields.hpp) out of JSON: the one place that reads
// them. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// The fields of this op. `members` has the op's own members; `metadata` is null when there is none.
action_fields fields_of(op kind, const json::value& members, const json::value* metadata);
/// Gives the action these members as its `rest`, and the fields that they are: for what was written as text,
/// by an earlier process or by a program. What is no object gives none. Before it, `kind`, `chat_id`,
/// `content` and `metadata` must be set. Fields that are no members of `rest` (of follow_up, a file) are
/// empty.
void read_rest(action& x, std::string_view members);

} // namespace relay::wire
