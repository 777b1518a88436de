#include "relay_gateway/actors/metrics.hpp"

#include <cstddef>

namespace relay {

namespace {

/// A row names the enumerator that it describes, so that no row can slip to another one.
template <class Id>
struct declared {
  Id id;
  metric_text text;
};

template <class Id, std::size_t N>
constexpr bool in_order(const declared<Id> (&all)[N]) {
  for (std::size_t i = 0; i < N; ++i)
    if (static_cast<std::size_t>(all[i].id) != i) return false;
  return N == static_cast<std::size_t>(Id::count_);
}

// Name, help, label, and the label's values: all of them, so that every series exists from the start.
constexpr declared<counter> counters[] = {
    {counter::frames_received,
     {"relay_gateway_frames_received_total", "Frames decoded from the connector.", "", ""}},
    {counter::frames_refused,
     {"relay_gateway_frames_refused_total", "Lines from the connector that are not frames.", "reason",
      "not_json not_object too_deep too_long bad_utf8 no_type bad_field"}},
    {counter::frames_unknown,
     {"relay_gateway_frames_unknown_total", "Well-formed frames of a type that this version ignores.", "",
      ""}},
    {counter::frames_stale,
     {"relay_gateway_frames_stale_total", "Messages of a connection that is no longer the current one.", "",
      ""}},
    {counter::events_received,
     {"relay_gateway_events_received_total", "Inbound chat events, passthroughs included.", "", ""}},
    {counter::events_duplicate,
     {"relay_gateway_events_duplicate_total", "Repeated events that were not given to the agent again.",
      "reason", "buffer_id message_id version"}},
    {counter::events_dropped,
     {"relay_gateway_events_dropped_total", "Events that ended without an agent, by a terminal decision.",
      "reason", "passthrough prompt"}},
    {counter::events_delivered,
     {"relay_gateway_events_delivered_total", "Events given to an agent, repeats included.", "", ""}},
    {counter::events_redelivered,
     {"relay_gateway_events_redelivered_total", "Events given to an agent again.", "", ""}},
    {counter::events_spilled,
     {"relay_gateway_events_spilled_total", "Events kept on disk only until there was room in memory.", "",
      ""}},
    {counter::events_acked, {"relay_gateway_events_acked_total", "Events that an agent took.", "", ""}},
    {counter::events_dead_letter,
     {"relay_gateway_events_dead_letter_total", "Events set aside after too many attempts.", "", ""}},
    {counter::buffer_acks,
     {"relay_gateway_buffer_acks_total", "Buffered entries acknowledged to the connector.", "", ""}},
    {counter::prompt_answers,
     {"relay_gateway_prompt_answers_total", "Answers to prompts: taken by an agent, or consumed and why.",
      "outcome", "none taken numbered foreign repeated no_option late late_again bystander"}},
    {counter::acks_unknown,
     {"relay_gateway_acks_unknown_total", "Agent acks for deliveries that are not open.", "", ""}},
    {counter::actions_accepted,
     {"relay_gateway_actions_accepted_total", "Actions taken from agents.", "", ""}},
    {counter::actions_refused,
     {"relay_gateway_actions_refused_total", "Actions refused at the edge.", "reason",
      "request_id_conflict overloaded unsupported bad_action unknown_platform stopping unreachable "
      "link_lost"}},
    {counter::actions_settled,
     {"relay_gateway_actions_settled_total", "Actions with an outcome.", "outcome", "done definite unknown"}},
    {counter::actions_repeated,
     {"relay_gateway_actions_repeated_total", "Actions answered from the record of their request id.", "",
      ""}},
    {counter::actions_untagged,
     {"relay_gateway_actions_untagged_total",
      "Actions that left without a platform although several are fronted.", "", ""}},
    {counter::actions_resumed,
     {"relay_gateway_actions_resumed_total",
      "Actions that had no outcome when the gateway, or a part of it, ended.", "outcome",
      "sent unknown refused"}},
    {counter::frames_sent,
     {"relay_gateway_frames_sent_total", "Outbound action frames given to a socket.", "", ""}},
    {counter::results_unmatched,
     {"relay_gateway_results_unmatched_total", "Results of unknown or settled requests.", "", ""}},
    {counter::interrupts_received,
     {"relay_gateway_interrupts_received_total", "Interrupts from the connector.", "", ""}},
    {counter::interrupts_unknown,
     {"relay_gateway_interrupts_unknown_total",
      "Interrupts of sessions that no attached agent got an event of.", "", ""}},
    {counter::interrupts_sent,
     {"relay_gateway_interrupts_sent_total", "Interrupts from agents.", "outcome", "sent dropped"}},
    {counter::dials,
     {"relay_gateway_dials_total", "Dials of the connector.", "cause",
      "start backoff fresh_token wake reconnect dormant hold_over resumed"}},
    {counter::links_ended,
     {"relay_gateway_links_ended_total", "Ends of a connection or of an attempt.", "reason",
      "refused closed upgrade network"}},
    {counter::handshakes, {"relay_gateway_handshakes_total", "Completed handshakes.", "", ""}},
    {counter::provision_attempts,
     {"relay_gateway_provision_attempts_total", "Provisioning calls.", "outcome", "done failed"}},
    {counter::policy_attempts,
     {"relay_gateway_policy_attempts_total", "Policy declarations.", "outcome", "done failed"}},
    {counter::child_restarts,
     {"relay_gateway_child_restarts_total", "Actors restarted by the supervisor.", "child",
      "agent media egress-router inbound link-manager policy identity provisioner"}},
    {counter::agents_attached,
     {"relay_gateway_agents_attached_total", "Agents that attached to the link.", "", ""}},
    {counter::agent_frames_refused,
     {"relay_gateway_agent_frames_refused_total", "Lines from agents that are not frames.", "", ""}},
    {counter::agent_restarts,
     {"relay_gateway_agent_restarts_total", "Ends of the exec agent's child that led to another start.", "",
      ""}},
    {counter::media_fetched,
     {"relay_gateway_media_fetched_total", "Attachments fetched from the connector's store.", "outcome",
      "done failed"}},
    {counter::media_uploaded,
     {"relay_gateway_media_uploaded_total", "Files of agents put into the connector's store.", "outcome",
      "done failed"}},
    {counter::reactions,
     {"relay_gateway_reactions_total", "Reactions that show how a message is processed.", "outcome",
      "sent dropped"}},
    {counter::waits_asked,
     {"relay_gateway_waits_asked_total", "Answers that named a time before which not to try again.", "where",
      "action upgrade provision policy token media"}},
    {counter::stray_messages,
     {"relay_gateway_stray_messages_total", "Messages that an actor did not expect.", "kind",
      "error down unexpected exception"}},
    {counter::store_commits,
     {"relay_gateway_store_commits_total", "Transactions of the store that are on disk.", "", ""}},
    {counter::store_records,
     {"relay_gateway_store_records_total", "Records that these transactions wrote.", "", ""}},
    {counter::store_failures,
     {"relay_gateway_store_failures_total", "Attempts to write that the disk refused.", "reason",
      "full read_only io open busy damaged other"}},
};
static_assert(in_order(counters), "a row for every counter, in their order");

constexpr declared<gauge> gauges[] = {
    {gauge::connected, {"relay_gateway_connected", "1 while the relay serves.", "", ""}},
    {gauge::chats_active, {"relay_gateway_chats_active", "Chats with an actor.", "", ""}},
    {gauge::actions_pending, {"relay_gateway_actions_pending", "Actions accepted and not settled.", "", ""}},
    {gauge::actions_unstored,
     {"relay_gateway_actions_unstored", "Actions accepted and not on disk yet.", "", ""}},
    {gauge::outcomes_recorded,
     {"relay_gateway_outcomes_recorded", "Request ids remembered, those of pending actions included.", "",
      ""}},
    {gauge::routes_known, {"relay_gateway_routes_known", "Chats whose route is remembered.", "", ""}},
    {gauge::turns_known, {"relay_gateway_turns_known", "Deliveries whose route is remembered.", "", ""}},
    {gauge::turns_open, {"relay_gateway_turns_open", "Deliveries that nobody has answered yet.", "", ""}},
    {gauge::reactions_shown,
     {"relay_gateway_reactions_shown", "Deliveries whose reactions are remembered.", "", ""}},
    {gauge::events_pending,
     {"relay_gateway_events_pending", "Events accepted and not taken by an agent.", "", ""}},
    {gauge::events_in_flight,
     {"relay_gateway_events_in_flight", "Events given to an agent and not acked.", "", ""}},
    {gauge::events_unstored, {"relay_gateway_events_unstored", "Events that wait for the disk.", "", ""}},
    {gauge::dedupe_entries,
     {"relay_gateway_dedupe_entries", "Event keys remembered against repeats.", "", ""}},
    {gauge::dead_letters, {"relay_gateway_dead_letters", "Events set aside and kept.", "", ""}},
    {gauge::prompts_known, {"relay_gateway_prompts", "Prompts remembered, answered ones included.", "", ""}},
    {gauge::agents_now, {"relay_gateway_agents", "Agents attached now.", "", ""}},
    {gauge::media_bytes, {"relay_gateway_media_bytes", "Bytes of fetched attachments on disk.", "", ""}},
    {gauge::store_ok, {"relay_gateway_store_ok", "1 while the store takes further events.", "", ""}},
    {gauge::store_queue,
     {"relay_gateway_store_queue", "Records that wait for the store's next commit.", "", ""}},
    {gauge::store_bytes, {"relay_gateway_store_bytes", "Bytes of the store's files.", "", ""}},
    {gauge::events_oldest,
     {"relay_gateway_events_oldest_seconds", "Age of the oldest event that no agent took.", "", ""}},
    {gauge::link_last_up,
     {"relay_gateway_link_last_up_timestamp_seconds",
      "Unix time of the last handshake; 0 when there was none.", "", ""}},
    {gauge::link_next_dial,
     {"relay_gateway_link_next_dial_timestamp_seconds", "Unix time of the next dial; 0 when none is planned.",
      "", ""}},
    {gauge::revoked,
     {"relay_gateway_revoked", "1 while the connector refuses the credentials for good.", "", ""}},
    {gauge::restart_pending,
     {"relay_gateway_restart_pending", "Changed settings that wait for a restart.", "", ""}},
    {gauge::reload_ok,
     {"relay_gateway_reload_ok", "1 when the last reload was accepted, or there was none.", "", ""}},
    {gauge::reload_last,
     {"relay_gateway_reload_timestamp_seconds",
      "Unix time of the last reload, accepted or not; 0 when there was none.", "", ""}},
    {gauge::config_hash,
     {"relay_gateway_config_hash", "A number that changes with the settings in effect.", "", ""}},
    {gauge::clock_skew,
     {"relay_gateway_clock_skew_seconds",
      "This clock less that of the last HTTP answer, of the connector or of the identity provider.", "", ""}},
    {gauge::state_free_bytes,
     {"relay_gateway_state_free_bytes", "Bytes that are free where the state directory is; 0 without one.",
      "", ""}},
    {gauge::certificate_expiry,
     {"relay_gateway_certificate_expiry_timestamp_seconds",
      "Unix time at which the connector's certificate expires; 0 without TLS.", "", ""}},
};
static_assert(in_order(gauges), "a row for every gauge, in their order");

constexpr declared<histogram> histograms[] = {
    {histogram::receive_to_ack,
     {"relay_gateway_receive_to_ack_seconds", "From an event's arrival to its ack to the connector.", "",
      ""}},
    {histogram::delivery_to_ack,
     {"relay_gateway_delivery_to_ack_seconds", "From an event's delivery to the agent's ack.", "", ""}},
    {histogram::action_to_result,
     {"relay_gateway_action_to_result_seconds", "From an action's acceptance to its outcome.", "", ""}},
    {histogram::store_commit,
     {"relay_gateway_store_commit_seconds", "Commits of the store, fsync included.", "", ""}},
    {histogram::dial, {"relay_gateway_dial_seconds", "From a dial to the completed handshake.", "", ""}},
};
static_assert(in_order(histograms), "a row for every histogram, in their order");

} // namespace

metric_text describe(counter x) { return counters[static_cast<std::size_t>(x)].text; }
metric_text describe(gauge x) { return gauges[static_cast<std::size_t>(x)].text; }
metric_text describe(histogram x) { return histograms[static_cast<std::size_t>(x)].text; }

} // namespace relay
