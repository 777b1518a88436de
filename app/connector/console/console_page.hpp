// The page on which a person types as a user of a chat platform and sees the agent answer: one HTML document
// without any external resource. Markup, style and script are in console_*.cpp, as text.
#pragma once

#include <string>
#include <string_view>

namespace relay::connector {

/// The whole document. `nonce` (letters and digits) is what its style and script carry, as page_policy(nonce)
/// asks.
std::string console_page(std::string_view nonce);
/// The Content-Security-Policy that goes with it: nothing but the page's own style, script and calls home.
std::string console_policy(std::string_view nonce);

} // namespace relay::connector
