// A message as the server's API shows it when a stream is read. Pure.
#pragma once

#include "relay_gateway/actors/queue_port.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::queue {

// Headers of a message.
inline constexpr const char* session_header = "Relay-Session";
inline constexpr const char* sender_header = "Relay-Sender";

enum class stream_answer : std::uint8_t {
  message, ///< there is one
  nothing, ///< there is none
  error    ///< the server could not tell
};
/// `text`: the answer to a request to `$JS.API.STREAM.MSG.GET`; fills `out` from a message.
stream_answer read_stream_answer(std::string_view text, queue_message& out);

} // namespace relay::queue
