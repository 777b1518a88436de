// Prompts as far as the gateway acts on them (protocol.md 6, Prompt ids): ids and tokens, what an action
// asks, its form as text, and an answer put into an event. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::wire {

/// `[A-Za-z0-9_.-]{1,32}`.
bool is_option_id(std::string_view x);
/// Whether `hp1:<prompt_id>:<option_id>` stays within the 64 bytes that platforms carry.
bool prompt_token_fits(std::string_view prompt_id, std::string_view option_id);
/// Reads `hp1:<prompt_id>:<option_id>`; false, and nothing changed, when it is not one.
bool read_prompt_token(std::string_view token, prompt_response& out);

/// What a `prompt` action asks.
struct prompt_ask {
  std::string id; ///< empty = the gateway has to name it
  std::vector<prompt_choice> options;
  std::uint64_t timeout_ms = 0;   ///< 0 = none given
  bool approval = false;          ///< its prompt_kind
  std::string thread_id, profile; ///< of its metadata; empty = none given
};
/// False when the action is no valid prompt; only an embedder's can be that, others were checked when they
/// were decoded.
bool read_prompt(const action& x, prompt_ask& out);
/// Gives the prompt its id, in place of any that it had.
void name_prompt(action& x, std::string_view id);
/// The same as a `send`: the content, then one numbered line per option. What only a prompt has is left out.
action numbered_prompt(const action& x, const prompt_ask& ask);

/// The event with this answer in it; everything else stays as it came.
inbound_event with_answer(const inbound_event& x, prompt_response answer);

} // namespace relay::wire
