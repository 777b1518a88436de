// Everything that an operator can set, typed and immutable once resolved. Each actor gets only its slice.
#pragma once

#include "relay_gateway/messages/contract/commands.hpp"
#include "relay_gateway/messages/contract/policy.hpp"
#include "relay_gateway/messages/ids.hpp"
#include "relay_gateway/messages/secret.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace relay::config {

using std::chrono::milliseconds;

/// Time-outs, bounds and backoff. Durations are positive.
struct limits {
  milliseconds handshake_timeout{30'000}, outbound_timeout{30'000}, http_timeout{15'000},
      ping_interval{10'000}, ping_timeout{25'000}, stable_after{30'000}, backoff_min{1'000},
      backoff_max{30'000}, idle_ack_timeout{10'000}, chat_idle{30 * 60'000}, agent_ack_timeout{60'000},
      dedupe_window{10 * 60'000}, egress_hold{30'000}, prompt_lifetime{60 * 60'000};
  milliseconds route_age{720 * 3'600'000LL}, ///< how long an unused chat's route is remembered
      turn_age{24 * 3'600'000};              ///< and that of a delivery
  std::uint64_t max_frame = 8ULL << 20;      ///< bytes of one line
  std::uint64_t max_pending = 10'000, max_chats = 1'000'000, agent_max_deliveries = 5,
                dedupe_entries = 100'000;
  std::uint64_t max_in_memory = 4'096, ///< open events; with a state directory further ones wait on disk
      chat_in_memory = 64,             ///< of these, events of one chat
      max_prompts = 10'000;            ///< remembered, answered ones included
  friend bool operator==(const limits&, const limits&) = default;
};

/// A secret given as a value or as the path of a file that is read anew at each use; empty = unset.
struct secret_source {
  secret value;
  std::string file;
  bool configured() const { return !value.empty() || !file.empty(); }
  friend bool operator==(const secret_source&, const secret_source&) = default;
};

/// Who may provision: the first configured source wins (client credentials, given token, login store).
struct identity_settings {
  std::string token_url, client_id, scope;
  secret client_secret;
  secret_source access_token;
  std::string login_store;     ///< path of auth.json; empty when there is no home
  std::string portal_override; ///< HERMES_PORTAL_BASE_URL, else NOUS_PORTAL_BASE_URL
  friend bool operator==(const identity_settings&, const identity_settings&) = default;
};

struct relay_settings {
  bool vetoed = false;              ///< platforms.relay.enabled: false; nothing may happen (F45)
  std::string url;                  ///< empty: the relay is off
  std::vector<identity> identities; ///< never empty: ("relay","") when none is configured
  std::string gateway_id;           ///< as configured; may be empty
  std::string default_gateway_id;   ///< gw-<hostname>, or gw-hermes
  secret gateway_secret, delivery_key;
  std::string endpoint, instance_id, wake_url;
  std::string display_name; ///< told to the connector at provisioning; at most 64 characters
  std::string sleep_url;    ///< POSTed once when the gateway has gone to sleep by itself; empty: none
  std::vector<std::string> route_keys;
  /// Credentials come from the operator; nothing is provisioned.
  bool pinned() const { return !gateway_id.empty() && !gateway_secret.empty(); }
  friend bool operator==(const relay_settings&, const relay_settings&) = default;
};

struct tls_settings {
  std::string ca_file, cert_file, key_file; ///< empty: system store, no client certificate
  friend bool operator==(const tls_settings&, const tls_settings&) = default;
};

/// From HTTPS_PROXY, HTTP_PROXY, NO_PROXY (upper case wins over lower case). A URL may carry user:password.
struct proxy_settings {
  secret https, http;
  std::vector<std::string> no_proxy;
  friend bool operator==(const proxy_settings&, const proxy_settings&) = default;
};

enum class agent_kind : std::uint8_t { link, echo, exec, openai, nats };
struct agent_settings {
  agent_kind kind = agent_kind::link;
  std::string argument; ///< command line or URL
  friend bool operator==(const agent_settings&, const agent_settings&) = default;
};

enum class log_format : std::uint8_t { automatic, text, json };
enum class scheduler_kind : std::uint8_t { io, pool };

/// What a gateway without any work does after a while. Needs a wake URL: nobody else could wake it.
enum class idle_action : std::uint8_t { dormant, exit };

struct service_settings {
  agent_settings agent;
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 9480;
  secret admin_token;
  secret read_token;        ///< may see metrics and status, and nothing else; empty: there is none
  std::string metrics_host; ///< of the metrics listener; empty: there is none
  std::uint16_t metrics_port = 0;
  std::string state_dir; ///< empty = memory only
  std::string log_level = "info";
  log_format format = log_format::automatic;
  scheduler_kind scheduler = scheduler_kind::io;
  milliseconds grace{25'000};
  milliseconds idle_after{0}; ///< 0 = never
  idle_action idle_does = idle_action::dormant;
  milliseconds idle_hold{20'000}; ///< dialling is held this long once dormant; 0 = not
  tls_settings tls;
  proxy_settings proxy;
  bool group_sessions_per_user = true, thread_sessions_per_user = false;
  bool reactions = false;             ///< show the processing of a message on it (protocol.md 6)
  std::vector<command_spec> commands; ///< for the Discord hello; valid, at most `most_commands`
  /// Environment variables that a secret of the config file was made of (`${NAME}`): not for a child.
  std::vector<std::string> secret_variables;
  friend bool operator==(const service_settings&, const service_settings&) = default;
};

/// The agent that asks a model on an OpenAI-compatible server.
struct openai_settings {
  std::string model, system; ///< either may be empty
  secret_source api_key;
  std::uint64_t history = 20;              ///< earlier questions of a session that the model is told of
  std::uint64_t history_bytes = 64U << 10; ///< and their bytes
  milliseconds max_turn{600'000}, first_token_timeout{120'000}, idle_timeout{60'000};
  bool stream = true;
  friend bool operator==(const openai_settings&, const openai_settings&) = default;
};

/// The queue between a gateway and its workers.
struct nats_settings {
  std::string url; ///< of a worker; a gateway's are in its agent's argument
  std::string prefix = "relay";
  std::string credentials_file, user; ///< either may be empty
  secret_source password, token;
  std::uint64_t replicas = 1, max_ack_pending = 1'024;
  std::uint64_t room = 16; ///< events that a worker takes at a time
  milliseconds ack_wait{30'000};
  friend bool operator==(const nats_settings&, const nats_settings&) = default;
};

/// The largest file (protocol.md 6): less room would hold none.
inline constexpr std::uint64_t smallest_media_disk = 25ULL << 20;

/// Attachments as files of this machine.
struct media_settings {
  std::uint64_t disk = 512ULL << 20;   ///< bytes of all files together; at least one of the largest fits
  std::uint64_t at_once = 8;           ///< downloads at a time
  std::uint64_t per_event = 32;        ///< files of one event; further ones stay URLs
  milliseconds wait{60'000};           ///< an event waits no longer for its files
  milliseconds upload_timeout{60'000}; ///< of one file
  friend bool operator==(const media_settings&, const media_settings&) = default;
};

/// How conversations on Slack use its threads (protocol.md 6, routing 5).
struct slack_settings {
  bool reply_in_thread = true;                  ///< a reply to a top-level message goes into its thread
  bool dm_top_level_threads_as_sessions = true; ///< each top-level message is a session of its own
  friend bool operator==(const slack_settings&, const slack_settings&) = default;
};

/// Whose press decides an approval that was asked for in a group.
enum class approval_by : std::uint8_t { asker, anyone };
struct prompt_settings {
  config::approval_by approval_by = config::approval_by::asker;
  friend bool operator==(const prompt_settings&, const prompt_settings&) = default;
};

struct settings {
  relay_settings relay;
  identity_settings idp;
  std::vector<relevance_policy> policies; ///< one per fronted platform but the generic one, in order
  service_settings service;
  slack_settings slack;
  prompt_settings prompts;
  media_settings media;
  config::limits limits;
  openai_settings openai;
  nats_settings nats;
  friend bool operator==(const settings&, const settings&) = default;
};

} // namespace relay::config
