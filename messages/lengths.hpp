// How long what names something may be. Longer ones are refused where they come in, so that whatever is kept
// by name is bounded in bytes by its number of entries.
#pragma once

#include <cstddef>

namespace relay {

/// Bytes of an id, a name or a key of a peer: of chats, users, messages, threads, platforms, deliveries.
inline constexpr std::size_t longest_id = 512;
/// Bytes of a request id.
inline constexpr std::size_t longest_request_id = 256;
/// Bytes of a session key, which is made of several ids.
inline constexpr std::size_t longest_session_key = 4'096;

/// Entries of a list of an action: options of a prompt, chunks of a card.
inline constexpr std::size_t most_entries = 1'000;

} // namespace relay
