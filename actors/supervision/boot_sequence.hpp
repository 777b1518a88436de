// From settings to a link: credentials, policies, the target of the dial, and what a reload changes of them.
#pragma once

#include "relay_gateway/actors/supervision/core/reload_plan.hpp"
#include "relay_gateway/actors/supervision/gateway_view.hpp"
#include "relay_gateway/actors/supervision/tree.hpp"

#include <cstdint>
#include <string>

namespace relay {

struct supervisor_state;

/// A part of the supervisor. Nothing optional holds the boot up: what is refused is reported, retried in the
/// background by its own actor, and healed without a restart.
class boot_sequence {
public:
  explicit boot_sequence(supervisor_state& root) : s_(root) {}

  /// Provisions what is not provisioned, or decides that nobody does. `announce`: what the connector knows of
  /// the platforms has changed, so that those that are provisioned are told, too.
  void provision(bool announce = false);
  /// Starts the policy actor, or gives the running one its new orders.
  void order_policies();
  /// Tells the link manager what to dial, and the media actor where attachments are.
  void update_target();
  void update_media_access();
  /// Runs with these settings from now on.
  void apply(const settings_ptr& next);

  void credentials_known(credentials_decided& x);
  void platform_changed(platform_progress& x);
  void policy_changed(policy_progress& x);

private:
  void nobody_provisions();
  void warn_of_host_name(const std::string& id);
  void mark_all(platform_step step, const std::string& why);
  void decide(credentials who, std::string why_none);

  supervisor_state& s_;
  std::uint64_t policy_version_ = 0; ///< of the newest orders to policy
};

} // namespace relay
