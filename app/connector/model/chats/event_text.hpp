// Events as a connector writes them (protocol.md 5), and the little that the stand-in reads back out of one.
#pragma once

#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/connector/model/chats/chat_log.hpp"
#include "relay_gateway/messages/contract/event.hpp"

#include <string>
#include <string_view>

namespace relay::connector {

/// The event object of a person's message. `answered`: the message that it replies to, may be null.
std::string event_text(const chat_message& x, const chat_entry* answered);
/// The event object of a press on a prompt's option.
std::string press_text(const chat& in, const chat_entry& prompt, std::string_view option_id,
                       std::string_view label, std::string_view message_id);
/// The same press as the `forward` object of a Discord component interaction (protocol.md 5.2).
std::string interaction_text(const chat& in, const chat_entry& prompt, std::string_view option_id);
/// The `forward` object of a Discord interaction.
std::string interaction_text(const interaction& what);
/// Where a Discord interaction comes from; false when it is none that makes a session (a ping, an
/// autocomplete, something undecodable).
bool read_interaction(std::string_view body, event_source& out);
/// The fields of a `source` object that routes and session keys are made of.
event_source read_source(const json::value& source);

} // namespace relay::connector
