// Every metric that the actors keep: one place for names, help and labels (app/metrics exposes them).
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <cstdint>
#include <string_view>

namespace relay {

enum class counter : std::uint8_t {
  frames_received,    ///< decoded frames
  frames_refused,     ///< label reason: wire::refusal
  frames_unknown,     ///< well-formed, of a type this version does not know
  frames_stale,       ///< of a connection that is no longer the current one
  events_received,    ///< inbound events, passthroughs included
  events_duplicate,   ///< label reason: core::repeat_reason; not given to the agent a second time
  events_dropped,     ///< label reason: terminal decisions without an agent
  events_delivered,   ///< given to an agent, repeats included
  events_redelivered, ///< of these, repeats
  events_spilled,     ///< kept on disk only until there is room in memory
  events_acked,       ///< taken by an agent
  events_dead_letter, ///< set aside after too many attempts
  buffer_acks,        ///< inbound_ack frames
  prompt_answers,     ///< label outcome: core::prompt_verdict
  acks_unknown,       ///< acks of agents for deliveries that are not open
  acks_dropped,       ///< acks of agents for events that no agent has, beyond their rate
  actions_accepted,
  actions_refused,   ///< label reason: refused at the edge
  actions_settled,   ///< label outcome: done definite unknown
  actions_repeated,  ///< request ids seen before: answered from the record
  actions_untagged,  ///< left without a platform although several are fronted (F74)
  actions_resumed,   ///< label outcome: sent unknown refused: left by an earlier process
  frames_sent,       ///< outbound frames given to a socket
  results_unmatched, ///< results of unknown or settled requests
  interrupts_received,
  interrupts_unknown, ///< of sessions that no attached agent got an event of
  interrupts_sent,    ///< label outcome: sent dropped
  dials,              ///< label cause: start backoff fresh_token wake reconnect dormant
  links_ended,        ///< label reason: closed refused timeout network revoked local
  handshakes,
  provision_attempts, ///< label outcome
  policy_attempts,    ///< label outcome
  child_restarts,     ///< label child: actor name
  agents_attached,
  agent_frames_refused,
  agent_restarts,     ///< of the exec agent's child
  queue_publications, ///< label outcome: stored failed
  media_fetched,      ///< label outcome
  media_uploaded,     ///< label outcome
  reactions,          ///< label outcome: sent dropped
  waits_asked,        ///< label where: action upgrade provision policy token media model
  stray_messages,     ///< label kind: error down unexpected exception
  store_commits,      ///< transactions that are on disk
  store_records,      ///< written by these
  store_failures,     ///< label reason: full read_only io open busy damaged other
  reloads,            ///< label outcome: accepted refused
  model_answers,      ///< label outcome: core::answer_end, stopped, unsaid
  count_
};
enum class gauge : std::uint8_t {
  connected,
  chats_active,
  chat_bytes, ///< remembered by the chats' queues of actions that are done
  actions_pending,
  actions_unstored, ///< waiting for the disk
  outcomes_recorded,
  outcome_bytes,
  routes_known,
  route_bytes,
  turns_known,
  turn_bytes,
  turns_open,
  reactions_shown,
  events_pending,
  events_pending_bytes,
  events_in_flight,
  events_unstored, ///< waiting for the disk
  dedupe_entries,
  dedupe_bytes,
  dead_letters,
  prompts_known,
  prompt_bytes,
  agents_now,
  agent_actions,      ///< asked for by agents and without an outcome
  agent_action_bytes, ///< of these
  queue_unstored,     ///< messages for a queue that it has not stored yet
  queue_out,          ///< events in the queue or with its workers
  media_bytes,        ///< on disk
  store_ok,           ///< 1 while the store takes further events
  store_queue,        ///< records that wait for the next commit
  store_bytes,        ///< of its files
  restart_pending,    ///< settings that were changed and take effect at the next start
  link_last_up,       ///< unix seconds
  link_next_dial,     ///< unix seconds
  revoked,            ///< 1 while the credentials are refused for good
  reload_refused,     ///< 1 when the last reload was refused
  reload_last,        ///< unix seconds
  clock_skew,         ///< seconds
  state_free_bytes,   ///< where the state directory is
  events_oldest,      ///< seconds that the oldest pending event waits
  config_hash,        ///< of the settings that were resolved last and taken
  connector_cert,     ///< unix seconds of the end of the connector's certificate
  client_cert,        ///< the same of our own
  model_turns,        ///< questions that a model is asked
  count_
};

enum class histogram : std::uint8_t {
  receive_to_ack,    ///< of an event: arrival to the ack to the connector
  delivery_to_ack,   ///< of an event: given to an agent to its ack
  action_to_result,  ///< of an action: accepted to its outcome
  store_commit,      ///< fsync included
  dial,              ///< dial to handshake
  model_first_token, ///< of a model's answer: request to the first token
  count_
};

/// No member has a default: a row that lacks one does not compile.
struct metric_text {
  std::string_view name; ///< with prefix and, on counters, `_total`
  std::string_view help;
  std::string_view label;  ///< label key; empty = none
  std::string_view values; ///< all values of the label, separated by blanks; any other is counted as `other`
};
metric_text describe(counter x);
metric_text describe(gauge x);
metric_text describe(histogram x);

} // namespace relay
