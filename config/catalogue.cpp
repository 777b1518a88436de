#include "relay_gateway/config/catalogue.hpp"

#include <algorithm>

namespace relay::config {

const std::vector<entry>& catalogue() {
  using namespace keys;
  static const std::vector<entry> all{relay_url,
                                      relay_platforms,
                                      relay_bot_ids,
                                      relay_id,
                                      relay_secret,
                                      relay_delivery_key,
                                      relay_endpoint,
                                      relay_route_keys,
                                      relay_instance_id,
                                      relay_display_name,
                                      relay_sleep_url,
                                      relay_wake_url,
                                      relay_enabled,
                                      idp_token_url,
                                      idp_client_id,
                                      idp_client_secret,
                                      idp_scope,
                                      relay_access_token,
                                      hermes_portal,
                                      nous_portal,
                                      slack_reply_in_thread,
                                      slack_top_level_threads,
                                      prompts_approval_by,
                                      agent,
                                      listen,
                                      admin_token,
                                      read_token,
                                      metrics_listen,
                                      state_dir,
                                      log_level,
                                      keys::log_format,
                                      scheduler,
                                      grace,
                                      idle_after,
                                      keys::idle_action,
                                      idle_hold,
                                      tls_ca_file,
                                      tls_cert_file,
                                      tls_key_file,
                                      https_proxy,
                                      http_proxy,
                                      no_proxy,
                                      group_sessions,
                                      thread_sessions,
                                      reactions,
                                      commands,
                                      media_disk,
                                      media_at_once,
                                      media_per_event,
                                      media_wait,
                                      media_upload_timeout,
                                      handshake_timeout,
                                      outbound_timeout,
                                      http_timeout,
                                      ping_interval,
                                      ping_timeout,
                                      stable_after,
                                      backoff_min,
                                      backoff_max,
                                      idle_ack_timeout,
                                      max_frame,
                                      max_pending,
                                      max_chats,
                                      chat_idle,
                                      agent_ack_timeout,
                                      agent_max_deliveries,
                                      dedupe_window,
                                      dedupe_entries,
                                      egress_hold,
                                      max_in_memory,
                                      chat_in_memory,
                                      max_prompts,
                                      prompt_lifetime,
                                      route_age,
                                      turn_age};
  return all;
}

std::string flag_name(const std::string& flag) {
  std::string result = "--" + flag;
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  return result;
}

std::vector<std::string> known_below(const std::string& section) {
  std::vector<std::string> result;
  auto add = [&](std::string name) {
    if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(std::move(name));
  };
  for (const auto& x : catalogue()) {
    std::string key = x.key;
    if (!x.in_file || key.compare(0, section.size() + 1, section + ".") != 0) continue;
    add(key.substr(section.size() + 1, key.find('.', section.size() + 1) - section.size() - 1));
  }
  if (section == "gateway") add("platforms"); // the relevance policies' second place
  return result;
}

} // namespace relay::config
