// Every setting with its names on the command line, in the environment and in the config file (settings.md).
// The one place where a name is written down: reading, suggestions, listing and tests go by it.
#pragma once

#include <string>
#include <vector>

namespace relay::config {

/// One setting. Names that it does not have are empty.
struct entry {
  const char* key;             ///< dotted path in the config file; a variable's name when it has no path
  const char* variable = "";   ///< environment and `.env`
  const char* flag = "";       ///< key in sources::flags; on the command line `--` and `-` for `_` and `.`
  bool secret = false;         ///< shown as ***, never a flag; may come as <variable>_FILE
  const char* other_case = ""; ///< a second spelling of the variable; `variable` wins over it
  bool in_file = true;         ///< whether `key` is read from the config file
  const char* first_key = "";  ///< a second path in the config file; a value there wins over the one at `key`
};

namespace keys {

inline constexpr entry relay_url{"gateway.relay_url", "GATEWAY_RELAY_URL", "relay_url"};
inline constexpr entry relay_platforms{"gateway.relay_platforms", "GATEWAY_RELAY_PLATFORMS",
                                       "relay_platforms"};
inline constexpr entry relay_bot_ids{"gateway.relay_bot_ids", "GATEWAY_RELAY_BOT_IDS", "relay_bot_ids"};
inline constexpr entry relay_id{"gateway.relay_id", "GATEWAY_RELAY_ID", "relay_id"};
inline constexpr entry relay_secret{"gateway.relay_secret", "GATEWAY_RELAY_SECRET", "", true};
inline constexpr entry relay_delivery_key{"gateway.relay_delivery_key", "GATEWAY_RELAY_DELIVERY_KEY", "",
                                          true};
inline constexpr entry relay_endpoint{"gateway.relay_endpoint", "GATEWAY_RELAY_ENDPOINT", "relay_endpoint"};
inline constexpr entry relay_route_keys{"gateway.relay_route_keys", "GATEWAY_RELAY_ROUTE_KEYS",
                                        "relay_route_keys"};
inline constexpr entry relay_instance_id{"gateway.relay_instance_id", "GATEWAY_RELAY_INSTANCE_ID",
                                         "relay_instance_id"};
inline constexpr entry relay_display_name{"gateway.relay_display_name", "GATEWAY_RELAY_DISPLAY_NAME",
                                          "relay_display_name"};
inline constexpr entry relay_sleep_url{"gateway.relay_sleep_url", "GATEWAY_RELAY_SLEEP_URL",
                                       "relay_sleep_url"};
inline constexpr entry relay_wake_url{"gateway.relay_wake_url", "GATEWAY_RELAY_WAKE_URL", "relay_wake_url"};
inline constexpr entry relay_enabled{"platforms.relay.enabled"};

inline constexpr entry idp_token_url{"gateway.idp.token_url", "GATEWAY_RELAY_IDP_TOKEN_URL", "idp.token_url"};
inline constexpr entry idp_client_id{"gateway.idp.client_id", "GATEWAY_RELAY_IDP_CLIENT_ID", "idp.client_id"};
inline constexpr entry idp_client_secret{"gateway.idp.client_secret", "GATEWAY_RELAY_IDP_CLIENT_SECRET", "",
                                         true};
inline constexpr entry idp_scope{"gateway.idp.scope", "GATEWAY_RELAY_IDP_SCOPE", "idp.scope"};
inline constexpr entry relay_access_token{"gateway.relay_access_token", "GATEWAY_RELAY_ACCESS_TOKEN", "",
                                          true};
inline constexpr entry hermes_portal{
    "HERMES_PORTAL_BASE_URL", "HERMES_PORTAL_BASE_URL", "", false, "", false};
inline constexpr entry nous_portal{"NOUS_PORTAL_BASE_URL", "NOUS_PORTAL_BASE_URL", "", false, "", false};

inline constexpr entry slack_reply_in_thread{
    "gateway.slack.reply_in_thread", "", "", false, "", true, "platforms.relay.extra.slack.reply_in_thread"};
inline constexpr entry slack_top_level_threads{
    "gateway.slack.dm_top_level_threads_as_sessions",
    "",
    "",
    false,
    "",
    true,
    "platforms.relay.extra.slack.dm_top_level_threads_as_sessions"};
inline constexpr entry prompts_approval_by{"gateway.prompts.approval_by"};

inline constexpr entry agent{"gateway.agent", "GATEWAY_AGENT", "agent"};
inline constexpr entry listen{"gateway.listen", "GATEWAY_LISTEN", "listen"};
inline constexpr entry admin_token{"gateway.admin_token", "GATEWAY_ADMIN_TOKEN", "", true};
inline constexpr entry state_dir{"gateway.state_dir", "GATEWAY_STATE_DIR", "state_dir"};
inline constexpr entry log_level{"gateway.log.level", "GATEWAY_LOG_LEVEL", "log.level"};
inline constexpr entry log_format{"gateway.log.format", "GATEWAY_LOG_FORMAT", "log.format"};
inline constexpr entry scheduler{"gateway.scheduler", "GATEWAY_SCHEDULER", "scheduler"};
inline constexpr entry grace{"gateway.grace", "GATEWAY_GRACE", "grace"};
inline constexpr entry idle_after{"gateway.idle.after", "GATEWAY_IDLE_AFTER", "idle.after"};
inline constexpr entry idle_action{"gateway.idle.action", "GATEWAY_IDLE_ACTION", "idle.action"};
inline constexpr entry idle_hold{"gateway.idle.hold", "GATEWAY_IDLE_HOLD", "idle.hold"};
inline constexpr entry tls_ca_file{"gateway.tls.ca_file", "GATEWAY_TLS_CA_FILE", "tls.ca_file"};
inline constexpr entry tls_cert_file{"gateway.tls.cert_file", "GATEWAY_TLS_CERT_FILE", "tls.cert_file"};
inline constexpr entry tls_key_file{"gateway.tls.key_file", "GATEWAY_TLS_KEY_FILE", "tls.key_file"};
inline constexpr entry https_proxy{"HTTPS_PROXY", "HTTPS_PROXY", "", true, "https_proxy", false};
inline constexpr entry http_proxy{"HTTP_PROXY", "HTTP_PROXY", "", true, "http_proxy", false};
inline constexpr entry no_proxy{"NO_PROXY", "NO_PROXY", "", false, "no_proxy", false};
inline constexpr entry group_sessions{"gateway.group_sessions_per_user"};
inline constexpr entry thread_sessions{"gateway.thread_sessions_per_user"};
inline constexpr entry reactions{"gateway.reactions", "GATEWAY_REACTIONS", "reactions"};
inline constexpr entry commands{"gateway.commands"};
inline constexpr entry media_disk{"gateway.media.disk", "GATEWAY_MEDIA_DISK", "media.disk"};
inline constexpr entry media_at_once{"gateway.media.at_once", "GATEWAY_MEDIA_AT_ONCE", "media.at_once"};
inline constexpr entry media_per_event{"gateway.media.per_event", "GATEWAY_MEDIA_PER_EVENT",
                                       "media.per_event"};
inline constexpr entry media_wait{"gateway.media.wait", "GATEWAY_MEDIA_WAIT", "media.wait"};
inline constexpr entry media_upload_timeout{"gateway.media.upload_timeout", "GATEWAY_MEDIA_UPLOAD_TIMEOUT",
                                            "media.upload_timeout"};

inline constexpr entry handshake_timeout{"gateway.limits.handshake_timeout", "GATEWAY_HANDSHAKE_TIMEOUT",
                                         "limits.handshake_timeout"};
inline constexpr entry outbound_timeout{"gateway.limits.outbound_timeout", "GATEWAY_OUTBOUND_TIMEOUT",
                                        "limits.outbound_timeout"};
inline constexpr entry http_timeout{"gateway.limits.http_timeout", "GATEWAY_HTTP_TIMEOUT",
                                    "limits.http_timeout"};
inline constexpr entry ping_interval{"gateway.limits.ping_interval", "GATEWAY_PING_INTERVAL",
                                     "limits.ping_interval"};
inline constexpr entry ping_timeout{"gateway.limits.ping_timeout", "GATEWAY_PING_TIMEOUT",
                                    "limits.ping_timeout"};
inline constexpr entry stable_after{"gateway.limits.stable_after", "GATEWAY_STABLE_AFTER",
                                    "limits.stable_after"};
inline constexpr entry backoff_min{"gateway.limits.backoff_min", "GATEWAY_BACKOFF_MIN", "limits.backoff_min"};
inline constexpr entry backoff_max{"gateway.limits.backoff_max", "GATEWAY_BACKOFF_MAX", "limits.backoff_max"};
inline constexpr entry idle_ack_timeout{"gateway.limits.idle_ack_timeout", "GATEWAY_IDLE_ACK_TIMEOUT",
                                        "limits.idle_ack_timeout"};
inline constexpr entry max_frame{"gateway.limits.max_frame", "GATEWAY_MAX_FRAME", "limits.max_frame"};
inline constexpr entry max_pending{"gateway.limits.max_pending", "GATEWAY_MAX_PENDING", "limits.max_pending"};
inline constexpr entry max_chats{"gateway.limits.max_chats", "GATEWAY_MAX_CHATS", "limits.max_chats"};
inline constexpr entry chat_idle{"gateway.limits.chat_idle", "GATEWAY_CHAT_IDLE", "limits.chat_idle"};
inline constexpr entry agent_ack_timeout{"gateway.limits.agent_ack_timeout", "GATEWAY_AGENT_ACK_TIMEOUT",
                                         "limits.agent_ack_timeout"};
inline constexpr entry agent_max_deliveries{"gateway.limits.agent_max_deliveries",
                                            "GATEWAY_AGENT_MAX_DELIVERIES", "limits.agent_max_deliveries"};
inline constexpr entry dedupe_window{"gateway.limits.dedupe_window", "GATEWAY_DEDUPE_WINDOW",
                                     "limits.dedupe_window"};
inline constexpr entry dedupe_entries{"gateway.limits.dedupe_entries", "GATEWAY_DEDUPE_ENTRIES",
                                      "limits.dedupe_entries"};
inline constexpr entry egress_hold{"gateway.limits.egress_hold", "GATEWAY_EGRESS_HOLD", "limits.egress_hold"};
inline constexpr entry max_in_memory{"gateway.limits.max_in_memory", "GATEWAY_MAX_IN_MEMORY",
                                     "limits.max_in_memory"};
inline constexpr entry chat_in_memory{"gateway.limits.chat_in_memory", "GATEWAY_CHAT_IN_MEMORY",
                                      "limits.chat_in_memory"};
inline constexpr entry max_prompts{"gateway.limits.max_prompts", "GATEWAY_MAX_PROMPTS", "limits.max_prompts"};
inline constexpr entry prompt_lifetime{"gateway.limits.prompt_lifetime", "GATEWAY_PROMPT_LIFETIME",
                                       "limits.prompt_lifetime"};
inline constexpr entry route_age{"gateway.limits.route_age", "GATEWAY_ROUTE_AGE", "limits.route_age"};
inline constexpr entry turn_age{"gateway.limits.turn_age", "GATEWAY_TURN_AGE", "limits.turn_age"};

} // namespace keys

/// All of keys::, in the order of settings.md.
const std::vector<entry>& catalogue();
/// The form on the command line: `--log-level`.
std::string flag_name(const std::string& flag);
/// Names known directly below `section` ("gateway", "gateway.tls", ...), sub-sections included.
std::vector<std::string> known_below(const std::string& section);

} // namespace relay::config
