// Prompts as far as the gateway acts on them (protocol.md 6, Prompt ids): ids and tokens, a prompt as text,
// and an answer put into an event. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/event.hpp"

#include <string_view>

namespace relay::wire {

/// `[A-Za-z0-9_.-]{1,32}`.
bool is_option_id(std::string_view x);
/// Whether `hp1:<prompt_id>:<option_id>` stays within the 64 bytes that platforms carry.
bool prompt_token_fits(std::string_view prompt_id, std::string_view option_id);
/// Reads `hp1:<prompt_id>:<option_id>`; false, and nothing changed, when it is not one.
bool read_prompt_token(std::string_view token, prompt_response& out);

/// The event with this answer in it; everything else stays as it came.
inbound_event with_answer(const inbound_event& x, prompt_response answer);

} // namespace relay::wire
