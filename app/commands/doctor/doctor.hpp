// `relay-gateway doctor`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

#include <string>

namespace relay::commands {

struct doctor_options {
  bool json = false;
  std::string bundle; ///< a file for whoever is asked for help; empty: none
};
/// A walk from the settings to the connector: what works, what does not, what to do about it. 0 when nothing
/// failed. With --fleet the same for each file of the directory, or for the one that `from.gateway` names.
int doctor(const setting_options& from, const doctor_options& how);

} // namespace relay::commands
