// What an op of protocol.md 6 has beside the members that all share: typed, as far as the gateway acts on it.
// Read once, where an action enters the gateway (messages/wire/actions/action_fields).
#pragma once

#include "relay_gateway/messages/media.hpp"

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace relay {

/// Of an op without members of its own, or whose own members only travel (react).
struct passthrough_fields {
  friend bool operator==(const passthrough_fields&, const passthrough_fields&) = default;
};

struct typing_fields {
  bool clears = false; ///< its `content` is "": it takes the status back
  friend bool operator==(const typing_fields&, const typing_fields&) = default;
};

struct follow_up_fields {
  std::string session_key;
  std::string kind; ///< `<platform>.<capability>`
  friend bool operator==(const follow_up_fields&, const follow_up_fields&) = default;
};

struct media_fields {
  local_file file; ///< uploaded first; never on the wire itself. Empty = it goes by its `source_url`
  friend bool operator==(const media_fields&, const media_fields&) = default;
};

/// One thing to choose (protocol.md 6).
struct prompt_choice {
  std::string id, label;
  friend bool operator==(const prompt_choice&, const prompt_choice&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, prompt_choice& x) {
  return f(caf::meta::type_name("prompt_choice"), x.id, x.label);
}

struct prompt_fields {
  std::string id; ///< empty = the gateway has to name it
  std::vector<prompt_choice> options;
  std::uint64_t timeout_ms = 0;   ///< 0 = none given
  bool approval = false;          ///< its prompt_kind
  std::string thread_id, profile; ///< of its metadata; empty = none given
  std::string fault;              ///< one line: why it is no valid prompt; only an embedder's can be that
  friend bool operator==(const prompt_fields&, const prompt_fields&) = default;
};

struct draft_fields {
  std::string id;     ///< the text of its draft_id
  bool final = false; ///< it seals the draft
  friend bool operator==(const draft_fields&, const draft_fields&) = default;
};

/// Of task_card and task_card_stop.
struct card_fields {
  std::string id;
  friend bool operator==(const card_fields&, const card_fields&) = default;
};

/// Of thread_create and thread_rename.
struct thread_fields {
  std::string name;
  friend bool operator==(const thread_fields&, const thread_fields&) = default;
};

using action_fields = std::variant<passthrough_fields, typing_fields, follow_up_fields, media_fields,
                                   prompt_fields, draft_fields, card_fields, thread_fields>;

} // namespace relay
