#include "relay_gateway/actors/metrics.hpp"

#include <array>

namespace relay {

namespace {

constexpr std::array<metric_text, static_cast<std::size_t>(counter::count_)> counters{{
    {"relay_gateway_frames_received_total", "Frames decoded from the connector.", ""},
    {"relay_gateway_frames_refused_total", "Lines from the connector that are not frames.", "reason"},
    {"relay_gateway_frames_unknown_total", "Well-formed frames of a type that this version ignores.", ""},
    {"relay_gateway_frames_stale_total", "Messages of a connection that is no longer the current one.", ""},
    {"relay_gateway_events_received_total", "Inbound chat events, passthroughs included.", ""},
    {"relay_gateway_events_duplicate_total", "Repeated events that were not given to the agent again.",
     "reason"},
    {"relay_gateway_events_dropped_total", "Events that ended without an agent, by a terminal decision.",
     "reason"},
    {"relay_gateway_events_delivered_total", "Events given to an agent, repeats included.", ""},
    {"relay_gateway_events_redelivered_total", "Events given to an agent again.", ""},
    {"relay_gateway_events_spilled_total", "Events kept on disk only until there was room in memory.", ""},
    {"relay_gateway_events_acked_total", "Events that an agent took.", ""},
    {"relay_gateway_events_dead_letter_total", "Events set aside after too many attempts.", ""},
    {"relay_gateway_buffer_acks_total", "Buffered entries acknowledged to the connector.", ""},
    {"relay_gateway_prompt_answers_total", "Answers to prompts: taken by an agent, or consumed and why.",
     "outcome"},
    {"relay_gateway_acks_unknown_total", "Agent acks for deliveries that are not open.", ""},
    {"relay_gateway_actions_accepted_total", "Actions taken from agents.", ""},
    {"relay_gateway_actions_refused_total", "Actions refused at the edge.", "reason"},
    {"relay_gateway_actions_settled_total", "Actions with an outcome.", "outcome"},
    {"relay_gateway_actions_repeated_total", "Actions answered from the record of their request id.", ""},
    {"relay_gateway_actions_untagged_total",
     "Actions that left without a platform although several are fronted.", ""},
    {"relay_gateway_actions_resumed_total",
     "Actions that had no outcome when the gateway, or a part of it, ended.", "outcome"},
    {"relay_gateway_frames_sent_total", "Outbound action frames given to a socket.", ""},
    {"relay_gateway_results_unmatched_total", "Results of unknown or settled requests.", ""},
    {"relay_gateway_interrupts_received_total", "Interrupts from the connector.", ""},
    {"relay_gateway_interrupts_unknown_total",
     "Interrupts of sessions that no attached agent got an event of.", ""},
    {"relay_gateway_interrupts_sent_total", "Interrupts from agents.", "outcome"},
    {"relay_gateway_dials_total", "Dials of the connector.", "cause"},
    {"relay_gateway_links_ended_total", "Ends of a connection or of an attempt.", "reason"},
    {"relay_gateway_handshakes_total", "Completed handshakes.", ""},
    {"relay_gateway_provision_attempts_total", "Provisioning calls.", "outcome"},
    {"relay_gateway_policy_attempts_total", "Policy declarations.", "outcome"},
    {"relay_gateway_child_restarts_total", "Actors restarted by the supervisor.", "child"},
    {"relay_gateway_agents_attached_total", "Agents that attached to the link.", ""},
    {"relay_gateway_agent_frames_refused_total", "Lines from agents that are not frames.", ""},
    {"relay_gateway_agent_restarts_total", "Ends of the exec agent's child that led to another start.", ""},
    {"relay_gateway_media_fetched_total", "Attachments fetched from the connector's store.", "outcome"},
    {"relay_gateway_media_uploaded_total", "Files of agents put into the connector's store.", "outcome"},
    {"relay_gateway_reactions_total", "Reactions that show how a message is processed.", "outcome"},
    {"relay_gateway_waits_asked_total", "Answers that named a time before which not to try again.", "where"},
    {"relay_gateway_stray_messages_total", "Messages that an actor did not expect.", "kind"},
    {"relay_gateway_store_commits_total", "Transactions of the store that are on disk.", ""},
    {"relay_gateway_store_records_total", "Records that these transactions wrote.", ""},
    {"relay_gateway_store_failures_total", "Attempts to write that the disk refused.", "reason"},
    {"relay_gateway_reloads_total", "Reloads of the settings.", "outcome"},
}};

constexpr std::array<metric_text, static_cast<std::size_t>(gauge::count_)> gauges{{
    {"relay_gateway_connected", "1 while the relay serves.", ""},
    {"relay_gateway_chats_active", "Chats with an actor.", ""},
    {"relay_gateway_actions_pending", "Actions accepted and not settled.", ""},
    {"relay_gateway_actions_unstored", "Actions accepted and not on disk yet.", ""},
    {"relay_gateway_outcomes_recorded", "Request ids remembered, those of pending actions included.", ""},
    {"relay_gateway_outcome_bytes", "Bytes of the outcomes that are recorded.", ""},
    {"relay_gateway_routes_known", "Chats whose route is remembered.", ""},
    {"relay_gateway_route_bytes", "Bytes of these routes.", ""},
    {"relay_gateway_turns_known", "Deliveries whose route is remembered.", ""},
    {"relay_gateway_turn_bytes", "Bytes of these deliveries.", ""},
    {"relay_gateway_turns_open", "Deliveries that nobody has answered yet.", ""},
    {"relay_gateway_reactions_shown", "Deliveries whose reactions are remembered.", ""},
    {"relay_gateway_events_pending", "Events accepted and not taken by an agent.", ""},
    {"relay_gateway_events_pending_bytes", "Bytes of these events in memory.", ""},
    {"relay_gateway_events_in_flight", "Events given to an agent and not acked.", ""},
    {"relay_gateway_events_unstored", "Events that wait for the disk.", ""},
    {"relay_gateway_dedupe_entries", "Event keys remembered against repeats.", ""},
    {"relay_gateway_dedupe_bytes", "Bytes of these keys.", ""},
    {"relay_gateway_dead_letters", "Events set aside and kept.", ""},
    {"relay_gateway_prompts", "Prompts remembered, answered ones included.", ""},
    {"relay_gateway_prompt_bytes", "Bytes of these prompts.", ""},
    {"relay_gateway_agents", "Agents attached now.", ""},
    {"relay_gateway_agent_actions", "Actions that agents asked for and that have no outcome yet.", ""},
    {"relay_gateway_agent_action_bytes", "Bytes of these actions.", ""},
    {"relay_gateway_media_bytes", "Bytes of fetched attachments on disk.", ""},
    {"relay_gateway_store_ok", "1 while the store takes further events.", ""},
    {"relay_gateway_store_queue", "Records that wait for the store's next commit.", ""},
    {"relay_gateway_store_bytes", "Bytes of the store's files.", ""},
    {"relay_gateway_store_commit_microseconds", "The store's last commit, fsync included.", ""},
    {"relay_gateway_store_commit_microseconds_max", "The store's slowest commit lately.", ""},
    {"relay_gateway_restart_pending", "Settings that were changed and take effect at the next start.", ""},
}};

} // namespace

metric_text describe(counter x) { return counters[static_cast<std::size_t>(x)]; }
metric_text describe(gauge x) { return gauges[static_cast<std::size_t>(x)]; }

} // namespace relay
