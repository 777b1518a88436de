// The frames of an action whose text is longer than its platform takes (protocol.md 6).
//
//   send, follow_up   one frame of the op per piece
//   edit              its message gets the first piece, further messages the others: the ones that an earlier
//                     edit made are edited, new ones are sent, those that are not needed any more go
//   delete            the message and what an edit of it made
//   prompt            the overflow as sends before it: the choice stands last
//   send_media        the overflow of its caption as sends behind it
//   draft, typing     the first piece; a final draft is followed by sends
#pragma once

#include "relay_gateway/actors/core/short_list.hpp"
#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/contract/descriptor.hpp"

#include <string>
#include <vector>

namespace relay::core {

/// One frame of an action.
struct text_frame {
  op kind = op::send;
  std::string content;
  std::string message_id; ///< of an edit or a delete
  /// Removes text that is not part of the message any more. Its failure is no failure of the action.
  bool cleanup = false;
  friend bool operator==(const text_frame&, const text_frame&) = default;
};

using text_frame_list = short_list<text_frame>;

/// One line when the text would take more messages than anybody reads, or repeat too much of what stands
/// beside it; empty = it may be cut. Told before it is cut, for a peer chooses both the text and the limit.
std::string too_many_messages(const action& x, const descriptor& to);
/// At least one frame, each text at most as long as the platform takes. `continuations`: the ids of the
/// messages that carry on the text of the message that is edited or deleted.
text_frame_list text_frames(const action& x, const descriptor& to,
                            const std::vector<std::string>& continuations);
/// The action as this frame carries it. Only the first one replies.
action frame_of(const action& x, text_frame frame, bool first);

} // namespace relay::core
