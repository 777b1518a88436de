// What must outlive the process: the records that the actors hand to store_port, and what comes back from it
// after a restart (actors/ports.hpp; agent-link.md, Promises). Wall time is the store's alone: it stamps what
// it writes and gives back ages, so that nobody else needs a clock that may jump.
#pragma once

#include "relay_gateway/messages/flow.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace relay {

/// How a delivery is called: the same for as long as the store lives, so that an agent's ack or answer finds
/// it after a restart.
inline std::string delivery_name(const std::string& instance, std::uint64_t seq) {
  return "d" + instance + "-" + std::to_string(seq);
}

// -- the way in ----------------------------------------------------------------------------------------

/// An event that was taken and is not settled yet. `seq` names it and only grows; per session it is the
/// order.
struct stored_event {
  std::uint64_t seq = 0;
  event_ref event;
  std::vector<std::string> keys{}; ///< what a repeat of it is known by; none = it has no repeats
  std::uint32_t attempts = 0;      ///< deliveries after the first one, as far as they were recorded
  std::string session{}; ///< its session key when it was taken; empty = to be derived from the event
  friend bool operator==(const stored_event&, const stored_event&) = default;
};
/// An event comes in. `spilled`: the gateway does not keep it in memory; the store also guards its keys then
/// and refuses the event when it repeats another spilled one (store_receipt): one of its keys is the other's,
/// or of an edit (message_is_edit) the message key is that of the latest version that is guarded.
struct event_taken {
  stored_event what;
  bool spilled = false;
  /// An edit that repeats this event, which the gateway remembers: refused as well, unless the store guards
  /// another version of the message that is later than this event. 0 = none.
  std::uint64_t repeat_of = 0;
  /// An edit whose message has another version in the gateway's memory, of this event: what the store guards
  /// of older ones says nothing. 0 = none.
  std::uint64_t differs_from = 0;
  /// Not spilled, and yet to be refused when it repeats a spilled one. Its session need not be the other's:
  /// what was known of a chat when that came, a gateway that was started since does not know.
  bool compared = false;
};
/// It has these keys now (a repeat came under a further one).
struct event_keyed {
  std::uint64_t seq = 0;
  std::vector<std::string> keys;
};
/// It was given out again.
struct event_tried {
  std::uint64_t seq = 0;
  std::uint32_t attempts = 0;
};
/// An agent has it, or it ends here: its keys are remembered for the dedupe window, its payload is not.
/// Of a recalled event `keys` are given, because the store guards them until now.
struct event_settled {
  std::uint64_t seq = 0;
  std::vector<std::string> keys;
};
/// A terminal decision about an event that never was an open one. `seq` is fresh.
struct keys_settled {
  std::uint64_t seq = 0;
  std::vector<std::string> keys;
};
/// Set aside: no agent took it in `attempts` deliveries. Settled besides; kept until somebody decides.
struct event_dead {
  std::uint64_t seq = 0;
  event_ref event;
  std::uint32_t attempts = 0;
  std::vector<std::string> keys; ///< as in event_settled
};
/// A dead letter was dropped, or taken back as a new event.
struct dead_gone {
  std::uint64_t seq = 0;
};

/// How somebody may still answer a prompt (actors/inbound/core/prompts).
struct prompt_kept {
  prompt_opened what;     ///< `lifetime_ms`: what is left of it
  std::uint8_t stage = 0; ///< of core::prompts: open, answered, told late
  bool numbered = false;  ///< shown as a numbered text
  friend bool operator==(const prompt_kept&, const prompt_kept&) = default;
};
/// Names a prompt among all: agents may use one id in several places. The id itself where no place is known.
inline std::string prompt_key(const prompt_opened& x) {
  auto out = x.prompt_id;
  const auto& profile = x.profile == "default" ? std::string{} : x.profile;
  if (x.chat.chat_id.empty() && x.thread_id.empty() && profile.empty()) return out;
  for (const auto* part : {&x.chat.platform, &x.chat.chat_id, &x.thread_id, &profile})
    out.append("\n").append(*part);
  return out;
}
struct prompt_gone {
  std::string key; ///< prompt_key()
};

// -- the way out ---------------------------------------------------------------------------------------

/// An accepted action. `maybe_written`: its frame may reach the wire from now on, so that after a crash
/// nobody knows what became of it; otherwise it certainly was not written.
struct stored_action {
  std::uint64_t token = 0; ///< the router's name for it; only grows
  action_request what;
  route where;
  bool maybe_written = false;
  /// Unix ms: not written by then, it is not sent any more, also by a process that comes later. 0 = no such
  /// time.
  std::int64_t until_ms = 0;
  friend bool operator==(const stored_action&, const stored_action&) = default;
};
struct action_taken {
  stored_action what;
};
/// Its frame may reach the wire from now on, or is known not to have.
struct action_marked {
  std::uint64_t token = 0;
  bool maybe_written = false;
};
/// Its outcome. Remembered by `request_id` for the dedupe window; one without an id is forgotten.
struct action_settled {
  std::uint64_t token = 0;
  std::string request_id;
  action_result result;
};
/// How a chat was answered last: `delivery_id` is empty.
struct chat_routed {
  route_seen what;
};

// -- facts ---------------------------------------------------------------------------------------------

/// Something small under a name: the id first used (F71), policies declared (F46), the prompt nonce. An empty
/// value forgets it.
struct fact {
  std::string key, value;
};

// -- agents --------------------------------------------------------------------------------------------

/// A session of an agent that asks a model: JSON text of its own. An empty body forgets it.
struct conversation_kept {
  std::string session, body;
  bool open = false; ///< it has questions that are not answered
};

using store_record = std::variant<event_taken, event_keyed, event_tried, event_settled, keys_settled,
                                  event_dead, dead_gone, prompt_kept, prompt_gone, action_taken,
                                  action_marked, action_settled, chat_routed, fact, conversation_kept>;

// -- what comes back ---------------------------------------------------------------------------------------

/// What became of a commit. Everything is on disk, but for:
struct store_receipt {
  std::vector<std::uint64_t> refused; ///< events that are repeats of spilled ones: not stored
  bool room = true;                   ///< the store had room for further events behind it
  std::uint64_t number = 0;           ///< of the store_health that said so
};

struct settled_key {
  std::string key;
  std::uint64_t age_ms = 0;
  std::uint64_t seq = 0; ///< of its event: of two versions of a message the later one counts
};
/// The way in as it was left.
struct inbound_image {
  std::string instance;           ///< of the store: part of all delivery names
  std::uint64_t last_seq = 0;     ///< the highest one that was ever given
  std::vector<stored_event> open; ///< those that were in memory, by seq; they may have been given to an agent
  std::uint64_t spilled = 0;      ///< open ones beside these, which no agent ever got
  std::vector<settled_key> settled; ///< within the window, oldest first
  std::vector<prompt_kept> prompts; ///< oldest first
  std::uint64_t dead = 0;
  std::vector<std::uint64_t> unreadable{}; ///< of the dead letters, those that are no events; oldest first
};
struct settled_action {
  std::string request_id;
  action_result result;
  std::uint64_t age_ms = 0;
};
/// The way out as it was left.
struct outbound_image {
  std::uint64_t last_token = 0;
  std::vector<stored_action> open;     ///< by token
  std::vector<settled_action> settled; ///< within the window, oldest first
  std::vector<route_seen> chats;       ///< least recently used first
  std::vector<route_seen> turns;       ///< of open and of settled events within the window, oldest first
};

/// The first spilled events of a session, in memory from now on.
struct recalled_events {
  std::string session;
  std::vector<stored_event> events; ///< by seq
  std::uint64_t left = 0;           ///< further spilled ones of the session
};
/// Which sessions have spilled events.
struct spill_page {
  struct entry {
    std::uint64_t seq = 0;
    std::string session;
  };
  std::vector<entry> events; ///< by seq
  bool end = false;          ///< there are none behind these
};
struct dead_letter {
  std::uint64_t seq = 0;
  std::string delivery_id;
  event_ref event;
  std::uint32_t attempts = 0;
  std::uint64_t age_ms = 0;
};

/// Whether the store takes what it is given. While it does not, commits wait, and nothing that depends on
/// them is acknowledged.
struct store_health {
  bool ok = true;
  std::string why; ///< one line when one of the two is not so
  /// Further events may be given to it. Without it the rest of the disk is for what makes room: acks,
  /// outcomes.
  bool room = true;
  /// Bytes of events (core/event_bytes) that may be on their way to it at once, while there is `room`.
  std::uint64_t room_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0; ///< only grows; a receipt names the one that it was made under
  friend bool operator==(const store_health&, const store_health&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, store_health& x) {
  return f(caf::meta::type_name("store_health"), x.ok, x.why, x.room, x.room_bytes, x.number);
}

} // namespace relay
