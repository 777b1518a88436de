// Boot, link and supervision: what the actors say about themselves and about the way (never payload).
#pragma once

#include "relay_gateway/messages/contract/commands.hpp"
#include "relay_gateway/messages/contract/descriptor.hpp"
#include "relay_gateway/messages/contract/policy.hpp"
#include "relay_gateway/messages/credentials.hpp"
#include "relay_gateway/messages/flow.hpp"
#include "relay_gateway/messages/records.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay {

// -- identity, provisioning, policy ----------------------------------------------------------------

/// identity -> whoever asked: a bearer for provisioning, or one line that says why there is none.
struct identity_token {
  secret bearer;
  std::string error;
  bool nobody = false;             ///< with an error: there is nobody to provision as, which is no failure
  std::int64_t retry_after_ms = 0; ///< with an error: the least time until the next question; 0 = not told
};

/// platform_provisioner -> provisioner: one attempt is over.
struct provision_attempt {
  std::string platform;
  bool provisioned = false;
  bool carries_credentials = false;
  credentials given;
  std::string error;
  std::int64_t retry_after_ms = 0; ///< of a failure: the least time until the next try; 0 = not told
};

/// provisioner -> supervisor: whether credentials are known is decided (again). Not usable = known not to
/// come for now; a later round may still bring some.
struct credentials_decided {
  credentials who;
  std::string why_none; ///< one line when not usable
};

/// provisioner, policy -> supervisor: how one platform stands.
enum class platform_step : std::uint8_t {
  pending, ///< not tried yet, or waiting for its next try
  done,    ///< accepted by the connector
  failed,  ///< the last try failed; tried again with backoff
  pinned,  ///< somebody else provisions (F72)
  skipped, ///< nothing to do (no identity token; a default policy)
};
const char* to_string(platform_step x);
struct platform_progress {
  std::string platform;
  platform_step step = platform_step::pending;
  std::string error; ///< of the last failure; empty otherwise
  friend bool operator==(const platform_progress&, const platform_progress&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, platform_progress& x) {
  return f(caf::meta::type_name("platform_progress"), x.platform, x.step, x.error);
}

// -- link -------------------------------------------------------------------------------------------

/// The descriptors of one connection, per platform; the first one received is the session default.
struct descriptor_set {
  std::vector<descriptor> all;
  std::string default_platform;

  /// The descriptor of a platform; "" asks for the session default. Null when the connector sent none.
  const descriptor* find(const std::string& platform) const {
    for (auto& x : all)
      if (x.platform == (platform.empty() ? default_platform : platform)) return &x;
    return nullptr;
  }
  /// Adds or replaces. The first one stays the default.
  void put(descriptor x) {
    if (all.empty()) default_platform = x.platform;
    for (auto& y : all)
      if (y.platform == x.platform) {
        y = std::move(x);
        return;
      }
    all.push_back(std::move(x));
  }
  friend bool operator==(const descriptor_set&, const descriptor_set&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, descriptor_set& x) {
  return f(caf::meta::type_name("descriptor_set"), x.all, x.default_platform);
}
/// Shared: every chat keeps one, and it may be large.
using descriptors_ptr = std::shared_ptr<const descriptor_set>;

/// Where the relay stands, for readiness and for people.
enum class link_phase : std::uint8_t {
  off,        ///< no connector configured, or vetoed
  starting,   ///< credentials are not decided yet
  connecting, ///< dialling or shaking hands
  waiting,    ///< between two dials
  connected,
  draining, ///< going_idle sent, still serving
  dormant,  ///< asleep on purpose
  disabled, ///< credentials revoked; terminal
  stopped
};
const char* to_string(link_phase x);

/// link_manager -> supervisor: the phase changed.
struct link_status {
  link_phase phase = link_phase::off;
  std::string reason; ///< why it is not connected; empty when it is
  std::uint64_t epoch = 0;
  bool held = false;             ///< dormant, and not dialling until released: a suspend may land (F70)
  std::int64_t next_dial_ms = 0; ///< unix ms of the next dial; 0: none is planned
  friend bool operator==(const link_status&, const link_status&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, link_status& x) {
  return f(caf::meta::type_name("link_status"), x.phase, x.reason, x.epoch, x.held, x.next_dial_ms);
}

/// whoever wants it -> supervisor -> link_manager: go dormant in order (protocol.md 3.2, F70).
struct dormancy_order {
  std::chrono::milliseconds hold{0}; ///< how long dialling is held once asleep; 0 = not at all
  bool when_idle = false;            ///< only without any work in hand, before and after the connector's ack
  friend bool operator==(const dormancy_order&, const dormancy_order&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, dormancy_order& x) {
  return f(caf::meta::type_name("dormancy_order"), x.hold, x.when_idle);
}
/// link_manager -> supervisor -> who asked: the outcome.
struct dormancy_outcome {
  bool asleep = false; ///< going_idle was acknowledged and the socket is closed
  std::string why_not; ///< one line when it is not
  friend bool operator==(const dormancy_outcome&, const dormancy_outcome&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, dormancy_outcome& x) {
  return f(caf::meta::type_name("dormancy_outcome"), x.asleep, x.why_not);
}

/// connection -> link_manager: why the socket of this epoch ended.
struct link_gone {
  std::uint64_t epoch = 0;
  std::uint16_t close_code = 0;
  std::string close_reason;
  int http_status = 0;
  std::string error;
  std::int64_t retry_after_ms = 0; ///< of a refused upgrade: the least time until the next dial; 0 = not told
  friend bool operator==(const link_gone&, const link_gone&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, link_gone& x) {
  return f(caf::meta::type_name("link_gone"), x.epoch, x.close_code, x.close_reason, x.http_status, x.error,
           x.retry_after_ms);
}

// -- agents -----------------------------------------------------------------------------------------

/// supervisor -> agent: who the gateway is and what its platforms can do; again whenever the set changes.
struct gateway_announcement {
  std::string gateway_id;
  std::vector<descriptor> platforms;
  std::string gateway{}; ///< name of the gateway in this process (agent_host::gateway); the id may change
  friend bool operator==(const gateway_announcement&, const gateway_announcement&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gateway_announcement& x) {
  return f(caf::meta::type_name("gateway_announcement"), x.gateway_id, x.platforms, x.gateway);
}

/// agent -> inbound: whether deliveries can be taken. Without anybody there, events wait and nothing times
/// out.
struct agent_presence {
  std::uint32_t attached = 0;
  bool media_paths = false; ///< one of them said as it attached that it wants attachments as files
  friend bool operator==(const agent_presence&, const agent_presence&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_presence& x) {
  return f(caf::meta::type_name("agent_presence"), x.attached, x.media_paths);
}

/// agent -> supervisor: what it is like; the newest one counts, all of it.
struct agent_declaration {
  std::vector<command_spec> commands; ///< for the manifest; valid (fault_of)
  bool media_paths = false;           ///< wants attachments as files of this machine (delivery::files)
  friend bool operator==(const agent_declaration&, const agent_declaration&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_declaration& x) {
  return f(caf::meta::type_name("agent_declaration"), x.commands, x.media_paths);
}

/// link_manager -> connection: the manifest from now on (protocol.md 3, hello).
struct command_manifest {
  std::vector<command_spec> commands;
  friend bool operator==(const command_manifest&, const command_manifest&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, command_manifest& x) {
  return f(caf::meta::type_name("command_manifest"), x.commands);
}

/// agent -> inbound: these were not taken (their agent went); give them out again.
struct delivery_returned {
  std::vector<std::string> delivery_ids;
  bool unseen = false; ///< no agent has seen them: they were not delivered, so it is not counted
  friend bool operator==(const delivery_returned&, const delivery_returned&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delivery_returned& x) {
  return f(caf::meta::type_name("delivery_returned"), x.delivery_ids, x.unseen);
}

/// connection -> inbound: what one read yielded, in the order of the wire.
struct inbound_item {
  event_ref event;
  std::string buffer_id;
  friend bool operator==(const inbound_item&, const inbound_item&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbound_item& x) {
  return f(caf::meta::type_name("inbound_item"), x.event, x.buffer_id);
}
struct inbound_batch {
  std::uint64_t epoch = 0; ///< of the connection, so that acks go to the newest one that brought something
  std::vector<inbound_item> items;
  std::string origin{}; ///< the connector and tenant that its buffer ids belong to
  std::shared_ptr<void>
      token{}; ///< of the socket that it came from, until it is taken in (actors/inflow.hpp)
  friend bool operator==(const inbound_batch&, const inbound_batch&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbound_batch& x) {
  return f(caf::meta::type_name("inbound_batch"), x.epoch, x.items, x.origin);
}

/// inbound -> connection: acknowledge these to the connector.
struct buffer_acks {
  std::vector<std::string> ids;
  friend bool operator==(const buffer_acks&, const buffer_acks&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, buffer_acks& x) {
  return f(caf::meta::type_name("buffer_acks"), x.ids);
}

/// inbound -> connection: how much room there is for further events.
enum class backpressure : std::uint8_t {
  none,
  soft, ///< stop reading unless results are awaited
  hard, ///< stop reading
};

// -- supervision ------------------------------------------------------------------------------------

enum class command : std::uint8_t {
  drain,     ///< finish and stop (protocol.md 3.2)
  dormant,   ///< scale to zero, whatever is in hand
  wake,      ///< end dormancy now
  reconnect, ///< a new connection now
};
const char* to_string(command x);

// Reports: what `GET /v1/status` shows, gathered by the supervisor. Never a secret.

struct platform_report {
  identity who;
  platform_progress provisioning, policy;
  bool described = false;
  descriptor what;
  friend bool operator==(const platform_report&, const platform_report&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, platform_report& x) {
  return f(caf::meta::type_name("platform_report"), x.who, x.provisioning, x.policy, x.described, x.what);
}
struct inbound_report {
  std::uint64_t pending = 0, in_flight = 0, remembered = 0, dead_letters = 0;
  std::uint64_t ever = 0;    ///< events that came since the start
  std::uint64_t prompts = 0; ///< prompts that somebody may still answer
  std::uint32_t agents = 0;
  std::uint64_t oldest_ms = 0; ///< age of the oldest event that no agent took
  friend bool operator==(const inbound_report&, const inbound_report&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbound_report& x) {
  return f(caf::meta::type_name("inbound_report"), x.pending, x.in_flight, x.remembered, x.dead_letters,
           x.ever, x.prompts, x.agents, x.oldest_ms);
}
struct egress_report {
  std::uint64_t chats = 0, pending = 0, routes = 0, recorded = 0;
  std::uint64_t turns = 0; ///< deliveries that the agent has not answered
  std::uint64_t ever = 0;  ///< actions that were asked for since the start
  friend bool operator==(const egress_report&, const egress_report&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, egress_report& x) {
  return f(caf::meta::type_name("egress_report"), x.chats, x.pending, x.routes, x.recorded, x.turns, x.ever);
}
struct gateway_report {
  link_status link;
  bool ready = false, started = false;
  std::int64_t since_ms = 0; ///< unix ms of the last change of link.phase
  std::string gateway_id, tenant, connector, agent;
  bool credentials = false;
  std::vector<platform_report> platforms;
  inbound_report inbound;
  egress_report egress;
  store_health store;
  std::uint64_t restarts = 0; ///< of dead children
  std::vector<std::string>
      waiting_for_restart;    ///< settings that were changed and take effect at the next start
  bool agent_missing = false; ///< there is no agent actor: it died, or the embedding program took it away
  friend bool operator==(const gateway_report&, const gateway_report&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gateway_report& x) {
  return f(caf::meta::type_name("gateway_report"), x.link, x.ready, x.started, x.since_ms, x.gateway_id,
           x.tenant, x.connector, x.agent, x.credentials, x.platforms, x.inbound, x.egress, x.store,
           x.restarts, x.waiting_for_restart, x.agent_missing);
}

} // namespace relay
