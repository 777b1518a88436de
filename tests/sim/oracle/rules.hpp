// The list of all rules. To add one: write it beside the others, name it here.
#pragma once

#include "relay_gateway/tests/sim/oracle/rule.hpp"

#include <memory>
#include <vector>

namespace relay::sim {

using rule_list = std::vector<std::unique_ptr<rule>>;

// Each adds its rules.
void add_inbound_rules(rule_list& to, checker& at);  ///< the way in: reach, once, order, acks
void add_people_rules(rule_list& to, checker& at);   ///< edits, and whose word decides
void add_agent_rules(rule_list& to, checker& at);    ///< whose death, missed ack and request id it is
void add_outcome_rules(rule_list& to, checker& at);  ///< the way out: one true outcome each
void add_order_rules(rule_list& to, checker& at);    ///< the way out: order per chat, one at a time
void add_route_rules(rule_list& to, checker& at);    ///< the way out: platform, bot, tenant, capability
void add_link_rules(rule_list& to, checker& at);     ///< one dialler, redials, refusals, tokens
void add_boot_rules(rule_list& to, checker& at);     ///< provisioning, policies, reloads
void add_login_rules(rule_list& to, checker& at);    ///< the login store and its refresh tokens
void add_manifest_rules(rule_list& to, checker& at); ///< slash commands
void add_health_rules(rule_list& to, checker& at);   ///< readiness, bounds, secrets, the ordered stop

inline rule_list all_rules(checker& at) {
  rule_list out;
  add_inbound_rules(out, at);
  add_people_rules(out, at);
  add_agent_rules(out, at);
  add_outcome_rules(out, at);
  add_order_rules(out, at);
  add_route_rules(out, at);
  add_link_rules(out, at);
  add_boot_rules(out, at);
  add_login_rules(out, at);
  add_manifest_rules(out, at);
  add_health_rules(out, at);
  return out;
}

} // namespace relay::sim
