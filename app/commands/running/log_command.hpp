// `relay-gateway log`: the last log lines of the running gateway, and those that follow. Returns the exit
// code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

#include <string>
#include <string_view>

namespace relay::commands {

struct log_options {
  bool follow = false, json = false;
};
/// With `follow` it ends only when nobody reads the output any more.
int log_command(const setting_options& from, const log_options& how);

/// A line of the gateway's as a person reads it: `TIME level event name=value ...`. Pure.
std::string log_text(std::string_view json);

} // namespace relay::commands
