// The console page's HTML.
#pragma once

#include <string_view>

namespace relay::connector {

extern const std::string_view console_markup;

} // namespace relay::connector
