// Brings the credentials, platform by platform (protocol.md 2.1): executes what its plan decides
// (actors/boot/core/provision_plan).
#pragma once

#include "relay_gateway/actors/boot/core/provision_plan.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <string>
#include <vector>

namespace relay {

struct provisioner_setup {
  std::string url; ///< of POST /relay/provision
  std::string gateway_id, endpoint, instance_id, wake_url, display_name;
  std::vector<std::string> route_keys;
  std::vector<identity> platforms;
  milliseconds backoff_min{1'000}, backoff_max{30'000}, http_timeout{15'000};
  /// What an earlier life of this actor, in this process, has achieved.
  std::vector<std::string> already;
  bool held = false;
  /// What the connector knows of the platforms has changed: credentials that it issues with its answer
  /// replace those that are held, for a connector that rotates them has ended the old ones.
  bool announces = false;
};

struct provisioner_state {
  static inline const char* name = "provisioner";
  explicit provisioner_state(provisioner_actor::pointer ptr) : self(ptr) {}
  void execute(const core::provision_plan::step& step);
  void token(const identity_token& who);
  void attempted(provision_attempt& x);
  void spawn_platform(const identity& x);
  void platform_died(const caf::down_msg& x);

  provisioner_actor::pointer self;
  ports env;
  provisioner_setup setup;
  supervisor_actor owner;
  identity_actor who;
  core::provision_plan plan{{}, milliseconds{1}, milliseconds{1}};
  std::map<std::string, platform_provisioner_actor> platforms;
  std::vector<std::string> wanting; ///< platforms whose attempt waits for an identity token
  credentials given;
  std::string why_none = "no platform was provisioned yet";
  std::string said; ///< the newest reason for having no identity that was a warning
};

/// Ends with `owner`, its supervisor.
provisioner_actor::behavior_type provisioner(provisioner_actor::stateful_pointer<provisioner_state> self,
                                             ports env, provisioner_setup setup, identity_actor who,
                                             supervisor_actor owner);

} // namespace relay
