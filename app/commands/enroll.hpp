// `relay-gateway enroll`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"
#include "relay_gateway/messages/secret.hpp"

#include <string>

namespace relay::commands {

struct enroll_options {
  secret token; ///< works once; empty: GATEWAY_RELAY_ENROLL_TOKEN
  std::string connector_url, gateway_id, wake_url;
};
/// Trades an enrollment token for credentials, which go to the `.env` beside the config file.
int enroll(const setting_options& from, const enroll_options& what);

} // namespace relay::commands
