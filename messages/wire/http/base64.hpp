// Base64: the standard one, as in `bodyB64`, and the one for URLs without padding, as in upgrade tokens.
#pragma once

#include <string>
#include <string_view>

namespace relay::wire {

std::string base64_encode(std::string_view bytes);
/// False on anything that base64_encode would not have made.
bool base64_decode(std::string_view text, std::string& out);
std::string base64url_encode(std::string_view bytes);
/// False on anything that base64url_encode would not have made.
bool base64url_decode(std::string_view text, std::string& out);

} // namespace relay::wire
