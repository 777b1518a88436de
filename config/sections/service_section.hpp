// Agent, listener, state, logs, and what the gateway does with Slack threads and prompts. Notes rows and
// problems in the reading and never throws.
#pragma once

#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/config/values/reading.hpp"

namespace relay::config {

service_settings read_service(reading& in);
slack_settings read_slack(reading& in);
prompt_settings read_prompts(reading& in);

} // namespace relay::config
