// The style of the status page and of its login form: light and dark, narrow screens, nothing from elsewhere.
#pragma once

#include <string_view>

namespace relay::admin {

extern const std::string_view page_style;

} // namespace relay::admin
