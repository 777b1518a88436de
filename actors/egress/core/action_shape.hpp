// How an action goes out on one connection, as far as its platform decides it: in which form, and whether at
// all.
#pragma once

#include "relay_gateway/actors/egress/core/text/text_frames.hpp"
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace relay::core {

/// The descriptor that counts for a platform: the connector's, else the contract's defaults (F38, F42).
/// Valid as long as `known` is.
const descriptor& destination(const descriptor_set* known, const std::string& platform);
/// An action that shows a text, and its text is empty or white space: no platform takes it.
bool says_nothing(const action& x);
/// What becomes of such an action.
action_result nothing_said();
/// A `typing` that would come too late may be skipped. One that clears the status may not (F65).
bool may_skip(const action& x);

/// How an action goes out on this connection.
struct action_shape {
  op kind = op::send;
  bool as_text = false;                  ///< a prompt with numbered options
  const prompt_fields* prompt = nullptr; ///< the action's, when it is a prompt that is shown either way
};
/// A prompt that its platform cannot draw goes out as a text with numbered options, if it takes texts.
/// `begun_as_text`: what began in one form goes on in it, also when a new connection could draw it.
action_shape shape_of(const action& x, const descriptor& to, std::optional<bool> begun_as_text);

/// Whether the platform takes this op of the action.
bool offers(const descriptor& to, const action& x, op kind);
/// The first op that the frames from `from` on need and the platform lacks.
std::optional<op> missing_op(const descriptor& to, const action& x, const text_frame_list& pieces,
                             std::size_t from);

} // namespace relay::core
