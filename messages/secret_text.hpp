// What a peer says may hold what it was given.
#pragma once

#include "relay_gateway/messages/secret.hpp"

#include <string>

namespace relay {

/// The text, with `***` wherever it repeats the secret. An empty secret hides nothing.
std::string without(std::string text, const secret& x);

} // namespace relay
