// What a change of settings means for actors that run: who is told, who is replaced, what is void.
#pragma once

#include "relay_gateway/config/settings.hpp"

#include <string>
#include <vector>

namespace relay::core {

/// What becomes of provisioning.
enum class provisioning_change : std::uint8_t {
  none,
  announce, ///< same connector, identity and platforms; they are told the new wake URL, name, ...
  restart   ///< platforms, credentials or the connector changed
};

struct reload_plan {
  bool commands = false; ///< the manifest
  bool media = false;    ///< store, limits and waits of attachments
  bool idle = false;     ///< the idle policy
  bool policies = false; ///< relevance policies are declared anew
  bool replies = false;  ///< fronted identities, or where replies go
  provisioning_change provisioning = provisioning_change::none;
  bool replace_identity = false;  ///< another identity, or nobody asks for one any more
  bool end_policy = false;        ///< the relay is off
  bool void_credentials = false;  ///< what the old connector, id or identity gave is void
  bool void_declarations = false; ///< declared policies belong to the old connector
  /// Sections that differ, for a person, in a fixed order; those that wait for a restart are not among them.
  std::vector<std::string> changed;
};

reload_plan plan_reload(const config::settings& before, const config::settings& next);

/// Whether anything may happen at all (F45).
inline bool relay_on(const config::relay_settings& x) { return !x.vetoed && !x.url.empty(); }

/// Keys of the settings that differ from those that run and take effect only at the next start. `running`:
/// the settings of the start, for such a setting keeps running whatever was reloaded since.
std::vector<std::string> waiting_for_restart(const config::settings& running, const config::settings& next);

} // namespace relay::core
