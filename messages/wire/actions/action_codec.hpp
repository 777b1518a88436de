// The action object (protocol.md 6) as JSON, for the codecs of the frames that carry one.
#pragma once

#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>

namespace relay::wire {

/// Reads and validates an action value of any type; `source` is its text, from which comes what is only
/// passed on. Empty = written anew.
action_or_error read_action(const json::value& from, std::string_view source);
/// The member `on_unknown` beside an action: whether an outcome that is not known sends it again. False when
/// it is neither `report` (which is what none means) nor `resend`.
bool read_on_unknown(const json::value& beside, bool& resend);
inline constexpr const char* bad_on_unknown = "on_unknown: must be report or resend";
/// Appends the action object, its metadata completed with what `who` knows and the metadata lacks.
void append_action(std::string& out, const action& x, const route& where);

} // namespace relay::wire
