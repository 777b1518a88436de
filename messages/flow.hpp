// What the actors say to each other on the way of the data (see actors/interfaces.hpp for who says what).
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/contract/descriptor.hpp"
#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/contract/result.hpp"
#include "relay_gateway/messages/credentials.hpp"
#include "relay_gateway/messages/media.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace relay {

/// Several items in one message, in order: they mean what one message for each of them would. Where an actor
/// takes both, one item travels as itself.
template <class T>
struct burst {
  std::vector<T> items;
  friend bool operator==(const burst&, const burst&) = default;
};

// -- inbound -----------------------------------------------------------------

/// One event on its way to an agent. Ids are unique for as long as routes and acks are remembered.
struct delivery {
  std::string id;
  std::string session_key;
  event_ref event;
  bool redelivered = false;        ///< it may be a repeat
  std::vector<media_file> files{}; ///< attachments fetched for it; gone after its ack
  std::string gateway{};           ///< name of the gateway it comes from (agent_host::gateway)
  friend bool operator==(const delivery&, const delivery&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delivery& x) {
  return f(caf::meta::type_name("delivery"), x.id, x.session_key, x.event, x.redelivered, x.files, x.gateway);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, burst<delivery>& x) {
  return f(caf::meta::type_name("delivery_burst"), x.items);
}

/// The event is the agent's now. Unknown ids are counted and ignored.
struct delivery_ack {
  std::string delivery_id;
  friend bool operator==(const delivery_ack&, const delivery_ack&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delivery_ack& x) {
  return f(caf::meta::type_name("delivery_ack"), x.delivery_id);
}

/// Nobody waits for acks of these any more: they were set aside as dead letters. An agent that has not begun
/// them need not, and their files are gone.
struct delivery_withdrawn {
  std::vector<std::string> delivery_ids;
  std::string gateway{}; ///< name of the gateway they came from
  friend bool operator==(const delivery_withdrawn&, const delivery_withdrawn&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delivery_withdrawn& x) {
  return f(caf::meta::type_name("delivery_withdrawn"), x.delivery_ids, x.gateway);
}

/// A user stops a running turn (protocol.md 3, interrupt_inbound). Overtakes deliveries.
struct turn_interrupt {
  std::string session_key, chat_id;
  std::string gateway{}; ///< name of the gateway whose user stops it
  friend bool operator==(const turn_interrupt&, const turn_interrupt&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, turn_interrupt& x) {
  return f(caf::meta::type_name("turn_interrupt"), x.session_key, x.chat_id, x.gateway);
}

// -- outbound ----------------------------------------------------------------

/// What an agent wants done. `request_id` is its idempotency key: a repeat gets the recorded outcome and
/// sends nothing; empty = never a repeat. `delivery_id` names the event that it answers; empty = unprompted.
struct action_request {
  std::string request_id, platform, delivery_id;
  action act;
  bool resend_unknown = false; ///< `on_unknown: resend`: rather twice than perhaps not at all
  bool abandons = false;       ///< a draft that its agent left: sealed as it stands, never said as a text
  friend bool operator==(const action_request&, const action_request&) = default;
};

/// The one answer to each action_request.
struct action_outcome {
  std::string request_id;
  action_result result;
  friend bool operator==(const action_outcome&, const action_outcome&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, action_outcome& x) {
  return f(caf::meta::type_name("action_outcome"), x.request_id, x.result);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, burst<action_outcome>& x) {
  return f(caf::meta::type_name("outcome_burst"), x.items);
}

/// The agent stops a session upstream (protocol.md 3, interrupt).
struct session_interrupt {
  std::string session_key, reason;
  bool has_reason = false;
  friend bool operator==(const session_interrupt&, const session_interrupt&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_interrupt& x) {
  return f(caf::meta::type_name("session_interrupt"), x.session_key, x.reason, x.has_reason);
}

/// How an event's chat is answered: what inbound tells egress_router before the event reaches an agent.
struct route_seen {
  std::string delivery_id;
  chat_key chat;
  discriminators who;
  std::string parent_chat_id;            ///< of a thread; actions on it fall back to the parent's route
  std::string thread_id{}, message_id{}; ///< of the event itself; both empty where `delivery_id` is
  std::string chat_type{}, chat_name{};  ///< as the event says them; empty = not known
  std::string opens_thread{};            ///< the thread that its session is, although it came outside of it
  friend bool operator==(const route_seen&, const route_seen&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, route_seen& x) {
  return f(caf::meta::type_name("route_seen"), x.delivery_id, x.chat, x.who, x.parent_chat_id, x.thread_id,
           x.message_id, x.chat_type, x.chat_name, x.opens_thread);
}

/// inbound -> egress_router: a turn begins on this message, or it was given up. Only when reactions are on.
struct turn_mark {
  std::string delivery_id;
  chat_key chat;
  std::string message_id;
  bool given_up = false;
  friend bool operator==(const turn_mark&, const turn_mark&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, turn_mark& x) {
  return f(caf::meta::type_name("turn_mark"), x.delivery_id, x.chat, x.message_id, x.given_up);
}

/// egress_router -> connection: put this on the wire if that is possible right now; nobody wants to know what
/// became of it.
struct best_effort_send {
  action act;
  route where;
  friend bool operator==(const best_effort_send&, const best_effort_send&) = default;
};

/// egress_router -> connection: put this on the wire. `chat` and `piece` are the router's name for it.
struct transmit {
  std::uint64_t piece = 0;
  action act;
  route where;
  std::uint64_t chat = 0; ///< number of the queue that it comes from
  friend bool operator==(const transmit&, const transmit&) = default;
};

/// connection -> egress_router: what became of a transmit. `written` false = the frame never reached the
/// wire, so it may go out again on the next connection.
struct transmitted {
  std::uint64_t piece = 0;
  action_result result;
  bool written = true;
  std::uint64_t chat = 0; ///< of the transmit
  friend bool operator==(const transmitted&, const transmitted&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, transmitted& x) {
  return f(caf::meta::type_name("transmitted"), x.piece, x.result, x.written, x.chat);
}

// -- prompts -----------------------------------------------------------------

/// egress_router -> inbound: a prompt is about to leave; answers that name its id are ours. Sent before the
/// frame can be, so that no answer comes earlier. `lifetime_ms` 0 = as long as any prompt lives.
struct prompt_opened {
  std::string prompt_id;
  chat_key chat; ///< platform empty = the connector's session default
  std::vector<prompt_choice> options;
  std::uint64_t lifetime_ms = 0;
  /// Where it is shown, beside its chat. Empty: in the chat itself, by the default profile's bot.
  std::string thread_id{}, profile{};
  bool approval = false;    ///< its kind
  std::string decided_by{}; ///< the author of the group's delivery that it answers; empty = there is none
  /// The turn that it answers is forgotten: its thread, profile and author may be missing.
  bool turn_forgotten = false;
  friend bool operator==(const prompt_opened&, const prompt_opened&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, prompt_opened& x) {
  return f(caf::meta::type_name("prompt_opened"), x.prompt_id, x.chat, x.options, x.lifetime_ms, x.thread_id,
           x.profile, x.approval, x.decided_by, x.turn_forgotten);
}

/// How people see a prompt.
enum class prompt_face : std::uint8_t {
  buttons,  ///< the platform draws it; a number that somebody writes is no answer
  numbers,  ///< a text with numbered options: a number is the answer
  withdrawn ///< nobody saw it: it certainly did not go out
};
/// egress_router -> inbound: what became of an opened prompt at transmit time.
struct prompt_shown {
  std::string prompt_id;
  prompt_face how = prompt_face::buttons;
  /// Where it is, as its prompt_opened says it: other places may have a prompt of the same id.
  chat_key chat{};
  std::string thread_id{}, profile{};
  friend bool operator==(const prompt_shown&, const prompt_shown&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, prompt_shown& x) {
  return f(caf::meta::type_name("prompt_shown"), x.prompt_id, x.how, x.chat, x.thread_id, x.profile);
}

} // namespace relay
