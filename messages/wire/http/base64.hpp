// Base64 for URLs, without padding: the alphabet of upgrade tokens. The standard one is in tokens.hpp.
#pragma once

#include <string>
#include <string_view>

namespace relay::wire {

std::string base64url_encode(std::string_view bytes);
/// False on anything that base64url_encode would not have made.
bool base64url_decode(std::string_view text, std::string& out);

} // namespace relay::wire
