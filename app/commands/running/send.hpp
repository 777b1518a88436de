// `relay-gateway send`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

#include <string>

namespace relay::commands {

struct send_options {
  std::string platform, chat, text; ///< text `-`: standard input
  std::string reply_to, request_id;
};
/// One message through a running gateway.
int send(const setting_options& from, const send_options& what);

} // namespace relay::commands
