// The action object (protocol.md 6) as JSON, for the codecs of the frames that carry one.
#pragma once

#include "messages/wire/actions.hpp"
#include "messages/wire/json_read.hpp"

#include <string>

namespace relay::wire {

/// Reads and validates an action value of any type.
action_or_error read_action(const json::value& from);
/// One line that names the first member that breaks the op's rules (the table of protocol.md 6); empty =
/// valid.
std::string check_action(op kind, const json::value& from);
/// Appends the action object, its metadata completed with what `who` knows and the metadata lacks.
void append_action(std::string& out, const action& x, const discriminators& who);

} // namespace relay::wire
