// The way between EGRESS ROUTER and the store; what must be on disk before what is decided in core/outbox.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"

namespace relay {

struct egress_state;

namespace egress {

/// Loads the stored state. Until it is there actions wait, unless the store is not durable.
void load(egress_state& s);
/// The stored state is there: its outcomes are remembered, its open actions resumed.
/// Routes of chats come first, page by page.
void loaded(egress_state& s, const chat_page& page);
void loaded(egress_state& s, outbound_image& image);
/// Writes what there is to write when the burst is over: a message to itself stands behind what the mailbox
/// holds.
void schedule_commit(egress_state& s);
/// Gives the store the next commit, if there is one and not too many are on their way.
void flush(egress_state& s);
/// The store has a commit: what waited for it goes on.
void stored(egress_state& s, const store_done& x);

} // namespace egress
} // namespace relay
