// The script of the status page: reads /v1/status and /v1/log every two seconds and shows them as text only.
#pragma once

#include <string_view>

namespace relay::admin {

extern const std::string_view page_script;

} // namespace relay::admin
