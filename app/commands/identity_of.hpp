// Who this machine provisions as, for commands that are no gateway.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/messages/control.hpp"

namespace relay::commands {

/// The identity token, by the very actor that a gateway provisions with; waited for.
identity_token identity_of(const ports& env, const config::settings& from);

} // namespace relay::commands
