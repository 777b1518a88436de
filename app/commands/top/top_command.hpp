// `relay-gateway top`: the running gateway at a glance, again and again. Returns the exit code and says what
// went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

#include <string>

namespace relay::commands {

struct top_options {
  bool once = false;           ///< one page, after one interval
  std::string interval = "1s"; ///< between two looks
};
/// Ends by itself only with `once`, or when nobody reads the output any more.
int top_command(const setting_options& from, const top_options& how);

} // namespace relay::commands
