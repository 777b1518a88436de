// One platform's provisioning call (protocol.md 2.1).
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace relay {

struct platform_provision_setup {
  std::string url; ///< of POST /relay/provision
  wire::provision_request body;
  milliseconds http_timeout{15'000};
};

struct platform_provisioner_state {
  static inline const char* name = "platform-provisioner";
  platform_provision_setup setup;
  provisioner_actor owner;
  ports env;
  std::uint64_t call = 0;
  bool holds = false;
};

/// Makes one attempt each time it is told to and reports it to `owner`; ends with it.
platform_provisioner_actor::behavior_type
platform_provisioner(platform_provisioner_actor::stateful_pointer<platform_provisioner_state> self, ports env,
                     platform_provision_setup setup, provisioner_actor owner);

} // namespace relay
