// The console page's script.
#pragma once

#include <string_view>

namespace relay::connector {

extern const std::string_view console_script;

} // namespace relay::connector
