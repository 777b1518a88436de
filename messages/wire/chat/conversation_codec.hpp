// A session of an agent that asks a model, as JSON text for the store.
#pragma once

#include "relay_gateway/messages/conversation.hpp"

#include <string>
#include <string_view>

namespace relay::wire {

std::string encode_conversation(const conversation& x);
/// False when the text is none.
bool decode_conversation(std::string_view text, conversation& out);

} // namespace relay::wire
