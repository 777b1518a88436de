// The console page's style sheet.
#pragma once

#include <string_view>

namespace relay::connector {

extern const std::string_view console_style;

} // namespace relay::connector
