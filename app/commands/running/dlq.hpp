// `relay-gateway dlq`. Returns the exit code and says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/app/commands/setting_options.hpp"

#include <string>

namespace relay::commands {

struct dlq_options {
  std::string verb = "list"; ///< list show retry drop
  std::string id;            ///< of a delivery
  bool all = false;          ///< retry, drop: everything that is there
  bool json = false;         ///< list: one JSON object per line
};
/// What a running gateway set aside because no agent took it.
int dlq(const setting_options& from, const dlq_options& what);

} // namespace relay::commands
