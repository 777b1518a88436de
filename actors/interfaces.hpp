// ALL typed actor interfaces, in the order of the data. Start reading here;
// actors/supervision/tree.cpp puts them together.
//
//   settings -> identity -> provisioner -> policy -> link_manager -> connection
//   connection --inbound--> inbound --delivery--> agent --action--> egress_router --> connection
//
// What is many on that way travels as burst<T>, one message for all that one step brings (actors/bursts.hpp).
// A burst means what its items mean one by one; an embedder's agent need not know of bursts.
// A comment per handler says who sends it. INTERNAL marks what an actor sends itself. Handles point
// downstream; the one cycle of the data (agent -> egress) is cut by the supervisor's ordered stop.
#pragma once

#include "relay_gateway/actors/local_messages.hpp"
#include "relay_gateway/messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>

namespace relay {

// -- settings ----------------------------------------------------------------------------------------

/// CONFIGURATION: resolves the settings anew and decides whether they may replace those that run.
using configuration_actor = caf::typed_actor<
    // supervisor: always answered, unless the source never answers.
    caf::replies_to<reload_request>::with<reload_outcome>,
    // the source port.
    caf::reacts_to<settings_resolved>>;

// -- boot: who are we, may we, what matters --------------------------------------------------------

/// IDENTITY: gives the bearer that may provision (settings.md, Identity token). Fetches one when needed and
/// keeps it until shortly before it expires; one fetch serves all who wait.
using identity_actor = caf::typed_actor<
    // provisioner: a bearer, or why there is none. Always answered.
    caf::replies_to<atom::token>::with<identity_token>,
    // the HTTP port.
    caf::reacts_to<http_done>,
    // the file port.
    caf::reacts_to<login_locked>, caf::reacts_to<login_replaced>>;

/// PLATFORM PROVISIONER: one platform's call to POST /relay/provision and its tries (protocol.md 2.1).
using platform_provisioner_actor = caf::typed_actor<
    // provisioner: try once now; `holds_credentials` decides whether a 2xx without a secret counts.
    caf::reacts_to<atom::start, identity_token, bool>,
    // the HTTP port.
    caf::reacts_to<http_done>>;

/// PROVISIONER: brings the credentials, platform by platform (protocol.md 2.1), and heals what failed for as
/// long as the process runs. Tells the supervisor: credentials_decided, platform_progress.
using provisioner_actor = caf::typed_actor<
    // supervisor: begin.
    caf::reacts_to<atom::start>,
    // identity
    caf::reacts_to<identity_token>,
    // a platform_provisioner: its attempt is over.
    caf::reacts_to<provision_attempt>,
    // INTERNAL: the next round ("") or one platform's next try is due.
    caf::reacts_to<atom::due, std::string>>;

/// POLICY: declares each platform's relevance policy with an upgrade token (protocol.md 2.2), again after
/// each failure. Tells the supervisor: policy_progress.
using policy_actor = caf::typed_actor<
    // supervisor: these count from now on; declare what has something to say. What is on its way is waited
    // for first: of two declarations the connector keeps the one that comes last.
    caf::reacts_to<policy_orders>,
    // supervisor: a platform was provisioned just now; try again at once if its declaration had failed.
    caf::reacts_to<atom::start, std::string>,
    // the HTTP port.
    caf::reacts_to<http_done>,
    // INTERNAL: what a predecessor had under way has arrived by now, or never will.
    caf::reacts_to<atom::look>,
    // INTERNAL: a platform's next try is due.
    caf::reacts_to<atom::due, std::string, std::uint64_t>>;

// -- attachments ---------------------------------------------------------------------------------------

/// MEDIA: attachments between the connector's store and files of this machine
/// (actors/inbound/core/attachment_cache).
using media_actor = caf::typed_actor<
    // inbound: fetch a delivery's attachments; answered in bounded time, fetched or not.
    caf::replies_to<media_wanted>::with<media_ready>,
    // inbound: these files may go.
    caf::reacts_to<media_released>,
    // inbound: an operator has dropped what was set aside, or has no use for its files.
    caf::reacts_to<media_forgotten>,
    // egress_router: put a file into the store; always answered.
    caf::replies_to<local_file>::with<media_reference>,
    // supervisor: the store, the credentials and the limits from now on.
    caf::reacts_to<media_access>,
    // supervisor: inbound was started anew; nobody waits for files any more.
    caf::reacts_to<atom::start>,
    // the media port.
    caf::reacts_to<fetch_done>, caf::reacts_to<upload_done>,
    // INTERNAL: an event may have waited long enough.
    caf::reacts_to<atom::due>>;

// -- agents: the far end of the way in, the near end of the way out ---------------------------------

struct agent_host;

/// AGENT: whatever answers the chats. All agents are behind this one interface: echo, link, an embedder's
/// own.
using agent_actor = caf::typed_actor<
    // inbound, first of all and again after a restart: whom to talk to. What was asked of the previous
    // hosts and not answered never will be: its outcome is unknown.
    caf::reacts_to<agent_host>,
    // supervisor: who the gateway is; again whenever the platforms change.
    caf::reacts_to<gateway_announcement>,
    // inbound: an event. Answer with delivery_ack once it is yours; until then no further one of that session
    // comes.
    caf::reacts_to<delivery>,
    // inbound: these are no longer yours to answer; what has not been begun need not be.
    caf::reacts_to<delivery_withdrawn>,
    // egress_router: the outcome of an action_request, exactly one each.
    caf::reacts_to<action_outcome>,
    // connection: the user stops a turn. Overtakes deliveries.
    caf::reacts_to<turn_interrupt>,
    // supervisor: finish; nothing new will come.
    caf::reacts_to<atom::finish>>;

/// AGENT that also takes bursts. Inbound finds out by the agent's interface; one that takes them may give
/// some, too (agent_host).
using burst_agent_actor = agent_actor::extend<
    // inbound: events of different sessions.
    caf::reacts_to<burst<delivery>>,
    // egress_router: the outcomes of actions that came in bursts.
    caf::reacts_to<burst<action_outcome>>>;

/// What an agent needs of INBOUND.
using delivery_sink_actor = caf::typed_actor<
    // the event is the agent's now.
    caf::reacts_to<delivery_ack>,
    // the agent that had these went away: give them out again, marked as redelivered.
    caf::reacts_to<delivery_returned>,
    // how many agents can take events. Nobody there: events wait and no time-out runs.
    caf::reacts_to<agent_presence>>;

/// What an agent needs of EGRESS ROUTER.
using action_sink_actor = caf::typed_actor<
    // an action; its outcome comes back to the sender of a plain message, or answers a request.
    caf::replies_to<action_request>::with<action_outcome>,
    // stop a session upstream.
    caf::reacts_to<session_interrupt>>;

/// Both in bursts. Whoever sends actions in a burst gets their outcomes as an outcome_sink_actor.
using ack_burst_actor = caf::typed_actor<caf::reacts_to<burst<delivery_ack>>>;
using action_burst_actor = caf::typed_actor<caf::reacts_to<burst<action_request>>>;
using outcome_sink_actor =
    caf::typed_actor<caf::reacts_to<action_outcome>, caf::reacts_to<burst<action_outcome>>>;

/// What an agent needs of the SUPERVISOR.
using agent_registry_actor = caf::typed_actor<
    // what it is like; again when that changes, and after each agent_host.
    caf::reacts_to<agent_declaration>>;

/// The agent has answered an event that it took before: all actions that belong to it were sent.
struct delivery_answered {
  std::string delivery_id;
};
/// Whoever keeps an event until it is answered.
using answer_sink_actor = caf::typed_actor<caf::reacts_to<delivery_answered>>;

/// Whom an agent talks to.
struct agent_host {
  delivery_sink_actor acks;
  action_sink_actor actions;
  agent_registry_actor registry;      ///< an agent without anything to declare need not use it
  std::string gateway{};              ///< name of the gateway in this process: one agent may serve several
  ack_burst_actor ack_bursts{};       ///< the same as `acks`; null: that one takes no bursts
  action_burst_actor action_bursts{}; ///< the same as `actions`; null: that one takes no bursts
  answer_sink_actor answers{};        ///< null: an event that is acknowledged is the agent's alone
};

// -- connection -> inbound -> agent -----------------------------------------------------------------

struct link_up;
struct link_users;

/// What CONNECTION needs of whoever puts actions on the wire.
using transmitted_sink_actor = caf::typed_actor<
    // what became of a transmit.
    caf::reacts_to<transmitted>, caf::reacts_to<burst<transmitted>>>;

/// CONNECTION: one socket of one epoch: hello, frames in and out, results matched to requests. Dies with its
/// socket. Tells link_manager: descriptor, link_gone, atom::drained.
using connection_actor = caf::typed_actor<
    // egress_router: put this on the wire; whoever sent it gets one `transmitted` for each, also when the
    // socket ends.
    caf::reacts_to<transmit>, caf::reacts_to<burst<transmit>>,
    // egress_router: something that may be left out.
    caf::reacts_to<best_effort_send>,
    // egress_router: an interrupt of the agent.
    caf::reacts_to<session_interrupt>,
    // inbound: acknowledge these to the connector.
    caf::reacts_to<buffer_acks>,
    // inbound: how much room there is.
    caf::reacts_to<backpressure>,
    // link_manager: a further platform; say hello for it on the live socket.
    caf::reacts_to<identity>,
    // link_manager: the manifest changed; say the Discord hello again.
    caf::reacts_to<command_manifest>,
    // link_manager: some of its users were restarted.
    caf::reacts_to<link_users>,
    // link_manager: announce going_idle.
    caf::reacts_to<atom::idle>,
    // link_manager: close in order (1000).
    caf::reacts_to<atom::finish>,
    // link_manager: end at once; the text says why.
    caf::reacts_to<atom::finish, std::string>,
    // INTERNAL: something came off the socket. The frames wait in the listener, not in the mailbox.
    caf::reacts_to<atom::start>,
    // INTERNAL: the oldest request may be overdue.
    caf::reacts_to<atom::due>>;

/// What INBOUND needs of EGRESS ROUTER.
struct route_sink {
  caf::typed_actor<caf::reacts_to<route_seen>, caf::reacts_to<burst<route_seen>>, caf::reacts_to<turn_mark>>
      routes;
  action_sink_actor actions; ///< for what it says to a chat itself
};

/// Who gets events, and whom that one talks to. Inbound hands `host` on: what an agent then asks of a router
/// that was started again comes behind the routes of all that the agent has.
struct agent_line {
  agent_actor agent; ///< null = there is none
  agent_host host;
};

/// INBOUND: from wire event to agent: no repeats, order per session, acks only when somebody else has it.
/// With a durable store it begins with what was left there; until that is known, events wait.
using inbound_actor = delivery_sink_actor::extend<
    // an agent that takes bursts: these events are its own now.
    caf::reacts_to<burst<delivery_ack>>,
    // connection: events of one read; an empty one when it begins, so that it hears how much room there is.
    caf::reacts_to<inbound_batch>,
    // supervisor, link_manager: the connection that acks go to from now on.
    caf::reacts_to<link_up>,
    // supervisor: the agent to deliver to from now on (null = none); what its predecessor had is given out
    // again.
    caf::reacts_to<agent_line>,
    // supervisor: who must know routes; again after it was restarted.
    caf::reacts_to<route_sink>,
    // egress_router: a prompt is about to leave; its answers are ours.
    caf::reacts_to<prompt_opened>,
    // egress_router: the same, of one that may have left before and may have its answer.
    caf::reacts_to<prompt_resumed>,
    // egress_router: how that prompt is shown, or that it is not.
    caf::reacts_to<prompt_shown>,
    // egress_router: what became of what it said to a chat itself.
    caf::reacts_to<action_outcome>,
    // supervisor: who fetches attachments; again after it was restarted.
    caf::reacts_to<media_actor>,
    // supervisor: whether some agent wants them as files.
    caf::reacts_to<media_wish>,
    // supervisor: whether the store has room for further events; again after it was restarted.
    caf::reacts_to<store_health>,
    // connection: the user stops a turn; goes on to the agent under the session key that it knows.
    caf::reacts_to<turn_interrupt>,
    // the store port.
    caf::reacts_to<inbound_image>, caf::reacts_to<inbound_stored>, caf::reacts_to<recalled_events>,
    caf::reacts_to<spill_page>, caf::reacts_to<dead_letters_found>,
    // supervisor: a person asks for, retries or drops what was set aside.
    caf::replies_to<dead_letter_ask>::with<dead_letter_answer>,
    // supervisor: drained yet? Answers when no event in memory waits for an agent's ack any more; what is on
    // disk only stays there from then on.
    caf::replies_to<atom::drained>::with<bool>, caf::replies_to<atom::status>::with<inbound_report>,
    // INTERNAL: an ack is overdue.
    caf::reacts_to<atom::due>>;

// -- agent -> egress_router -> connection ------------------------------------------------------------

/// What EGRESS ROUTER needs of INBOUND: who hears the answers to prompts.
struct prompt_sink {
  caf::typed_actor<caf::reacts_to<prompt_opened>, caf::reacts_to<prompt_resumed>,
                   caf::reacts_to<prompt_shown>>
      prompts;
};

/// EGRESS ROUTER: which platform, bot and tenant an action goes to (actors/egress/core/routes), one record
/// per request id (core/idempotency_cache), strict order within each chat (core/chat_table: a queue per
/// active chat, one piece of each on the wire at a time). With a durable store it begins with what was left
/// there (egress_store.cpp); until that is known, actions wait.
using egress_router_actor = action_sink_actor::extend<
    // an agent that takes bursts: actions; their outcomes come back to it as burst<action_outcome>.
    caf::reacts_to<burst<action_request>>,
    // inbound: how this event's chat is answered; comes before the event reaches an agent.
    caf::reacts_to<route_seen>, caf::reacts_to<burst<route_seen>>,
    // inbound: a turn begins, or was given up.
    caf::reacts_to<turn_mark>,
    // connection: what became of a piece.
    caf::reacts_to<transmitted>, caf::reacts_to<burst<transmitted>>,
    // the store port.
    caf::reacts_to<chat_page>, caf::reacts_to<outbound_image>, caf::reacts_to<store_done>,
    // supervisor: who hears the answers to prompts; again after it was restarted.
    caf::reacts_to<prompt_sink>,
    // link_manager: the connection to use, or that there is none.
    caf::reacts_to<link_up>,
    // supervisor: who uploads files; again after it was restarted.
    caf::reacts_to<media_actor>,
    // supervisor: after a reload.
    caf::reacts_to<fronted_set>,
    // supervisor: no connection will come any more; fail what is held.
    caf::reacts_to<atom::finish>,
    // supervisor: drained yet? Answers when no action is pending any more.
    caf::replies_to<atom::drained>::with<bool>, caf::replies_to<atom::status>::with<egress_report>,
    // INTERNAL: something held may be overdue, of a chat or before the store, or chats may be idle.
    caf::reacts_to<atom::due>,
    // INTERNAL: a burst is over: write what it brought.
    caf::reacts_to<atom::start>>;

/// link_manager -> everybody who uses the connection: this one serves from now on, or none does.
struct link_up {
  std::uint64_t epoch = 0;
  connection_actor connection; ///< null = the link is down
  descriptors_ptr what;        ///< never null
  bool abandoned = false;      ///< the old one died without a word: what was out on it is unknown
  std::string origin{};        ///< the connector and tenant that its buffer ids belong to
};

// -- link ----------------------------------------------------------------------------------------------

/// link_manager -> the actors that it serves.
struct link_users {
  inbound_actor inbound;
  egress_router_actor egress;
};

/// LINK MANAGER: owns the connection and its redials; one dialler at a time
/// (actors/link/core/link_state_machine).
/// Tells the supervisor: link_status, descriptors (link_up).
using link_manager_actor = caf::typed_actor<
    // supervisor: what to dial. The first one starts the link.
    caf::reacts_to<link_target>,
    // supervisor: who uses the connection; again after one of them was restarted.
    caf::reacts_to<link_users>,
    // supervisor: the commands of the operator and of the agents, for this and all further hellos.
    caf::reacts_to<command_manifest>,
    // supervisor: wake, reconnect, drain (ends with atom::drained to the supervisor).
    caf::reacts_to<command>,
    // supervisor: go dormant; ends with dormancy_outcome to the supervisor, exactly one each.
    caf::reacts_to<dormancy_order>,
    // supervisor: everything is finished; close 1000 and stop.
    caf::reacts_to<atom::finish>,
    // connection: the upgrade succeeded and the hellos are out.
    caf::reacts_to<atom::start, std::uint64_t>,
    // connection: a descriptor came; the first completes the handshake.
    caf::reacts_to<descriptor, std::uint64_t>,
    // connection: going_idle_ack.
    caf::reacts_to<atom::idle, std::uint64_t>,
    // connection: the socket ended.
    caf::reacts_to<link_gone>,
    // INTERNAL: the state machine's deadline may have passed.
    caf::reacts_to<atom::due>,
    // INTERNAL: compare the clocks; of this chain.
    caf::reacts_to<atom::look, std::uint64_t>>;

// -- supervision -----------------------------------------------------------------------------------------

/// The agent that an embedding program wants from now on; null = none.
struct agent_change {
  agent_actor agent;
};

/// SUPERVISOR: boot order, restart of dead children, readiness, reload, ordered stop. Its death ends the
/// gateway.
using supervisor_actor = agent_registry_actor::extend<
    // the application: drain and stop; dormant; wake; reconnect. After drain it quits when all is done.
    caf::reacts_to<command>,
    // the application: go dormant; answered with the outcome.
    caf::replies_to<dormancy_order>::with<dormancy_outcome>,
    // the application: run with these settings from now on.
    caf::reacts_to<settings_ptr>,
    // the application: read the settings anew (SIGHUP, POST /v1/reload). Always answered.
    caf::replies_to<reload_request>::with<reload_outcome>,
    // the application: deliver to this agent instead. Refused, with a log event, when the gateway makes its
    // agents itself.
    caf::reacts_to<agent_change>,
    // the application: the status of everything.
    caf::replies_to<atom::status>::with<gateway_report>,
    // the application: what was set aside (GET, POST, DELETE /v1/dlq).
    caf::replies_to<dead_letter_ask>::with<dead_letter_answer>,
    // the application: one action outside any agent (POST /v1/actions).
    caf::replies_to<action_request>::with<action_outcome>,
    // provisioner
    caf::reacts_to<credentials_decided>, caf::reacts_to<platform_progress>,
    // policy
    caf::reacts_to<policy_progress>,
    // the store port: whether it takes what it is given.
    caf::reacts_to<store_health>,
    // the HTTP port: the answer of the sleep URL.
    caf::reacts_to<http_done>,
    // link_manager
    caf::reacts_to<link_status>, caf::reacts_to<link_up>, caf::reacts_to<dormancy_outcome>,
    caf::reacts_to<atom::drained>,
    // INTERNAL: a drain stage, or the grace, is over; (generation).
    caf::reacts_to<atom::due, std::uint64_t>,
    // INTERNAL: start this dead child again.
    caf::reacts_to<atom::start, std::string>,
    // INTERNAL: look whether there is any work (settings.md, gateway.idle).
    caf::reacts_to<atom::idle>,
    // INTERNAL: look whether work came while asleep; of this sleep.
    caf::reacts_to<atom::look, std::uint64_t>>;

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::burst<relay::action_request>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::burst<relay::delivery_ack>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::burst<relay::route_seen>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::burst<relay::transmit>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::burst<relay::transmitted>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::agent_change)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::agent_line)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::prompt_sink)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::route_sink)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::agent_host)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::delivery_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::media_actor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::link_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::link_users)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::agent_actor)
