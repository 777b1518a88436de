// Drafts as far as the gateway acts on them (protocol.md 6): which one an action is about, its seal, and the
// plain texts that stand in for a seal or beside another op. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"

#include <string>

namespace relay::wire {

struct draft_state {
  std::string id;     ///< the draft_id's text
  bool final = false; ///< it seals the draft
};
/// False when the action is no valid draft; only an embedder's can be that.
bool read_draft(const action& x, draft_state& out);
/// The same draft as its final state, with the content that it has now.
action seal_draft(const action& x);
/// The same content as a `send`; what only a draft has is left out.
action draft_as_text(const action& x);
/// A `send` to where the action goes, with its metadata and what no contract knows of it, without content:
/// for text that does not fit the action itself.
action text_beside(const action& x);

} // namespace relay::wire
