// What the supervisor knows of its gateway at this moment. Its parts read and change it; nobody else sees it.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/supervision/core/reload_plan.hpp"

#include <map>
#include <string>
#include <vector>

namespace relay {

struct gateway_view {
  settings_ptr settings;
  std::vector<std::string>
      waiting_for_restart;                  ///< settings that were changed and take effect at the next start
  std::map<std::string, std::string> facts; ///< as the store has them, or will have
  store_health disk;

  credentials who;
  bool credentials_known = false; ///< decided, whichever way; another connector or identity undoes it
  bool ever_started = false;      ///< they were known once: what comes later is no start (startupz)
  std::map<std::string, platform_progress> provisioning, declared;

  link_status link;
  link_up live;
  std::int64_t since_ms = 0; ///< of the last change of link.phase
  agent_declaration agents;  ///< what the agent said it is like
  gateway_announcement announced;

  bool relay_on() const { return core::relay_on(settings->relay); }
  /// The id that the connector gave, else the configured one, else the one that was first used here: a pod's
  /// host name, and with it the default, changes with each restart (F71).
  std::string gateway_id() const {
    if (!who.gateway_id.empty()) return who.gateway_id;
    if (!settings->relay.gateway_id.empty()) return settings->relay.gateway_id;
    auto first = facts.find("gateway_id");
    return first != facts.end() ? first->second : settings->relay.default_gateway_id;
  }
  /// A policy that an earlier process declared to this connector stays in force there until it is replaced
  /// (F46).
  bool remembers_policy(const std::string& platform) const {
    auto it = facts.find("declared." + platform);
    return it != facts.end() && it->second == settings->relay.url;
  }
};

} // namespace relay
