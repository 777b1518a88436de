// How commands talk to whoever started them.
#pragma once

#include <string_view>

namespace relay::commands {

/// `relay-gateway: <line>` on standard error; line breaks and control characters in it are replaced.
void complain(std::string_view line);
/// complain(), and the code to return.
int fail(int code, std::string_view line);
/// Text on standard output, at once.
void print(std::string_view text);

} // namespace relay::commands
