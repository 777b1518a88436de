// What the gateway makes of an action that it has (protocol.md 6): a prompt gets its id, a draft its seal,
// either becomes a plain text, a file its address. Tells nobody of JSON: the typed fields say what there is.
// Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

/// Gives the prompt its id, in place of any that it had.
void name_prompt(action& x, std::string_view id);
/// The same as a `send`: the content, then one numbered line per option. What only a prompt has is left out.
action numbered_prompt(const action& x);

/// The same draft as its final state, with the content that it has now.
action seal_draft(const action& x);
/// The same content as a `send`; what only a draft has is left out.
action draft_as_text(const action& x);

/// A `send` to where the action goes, with its metadata and what no contract knows of it, without content:
/// for text that does not fit the action itself.
action text_beside(const action& x);

/// What an action that brings a file becomes once that is in the connector's store.
void with_source(action& x, std::string_view source_url);

/// What an action carries as JSON, in one form for every order of members and every way to escape
/// (json/json_sorted.hpp): only good to compare.
struct sorted_members {
  std::string metadata, rest;
};
sorted_members sorted_members_of(const action& x);

} // namespace relay::wire
