// Bytes below the WebSocket's framing, as a script may write them: what a client makes of them (RFC 6455).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::sim {

struct raw_meaning {
  std::string text;          ///< what arrives as messages
  bool fine = true;          ///< false: no client goes on behind what came after that
  bool closes = false;       ///< a close frame came
  std::uint16_t code = 1005; ///< of it
};
/// Frames of a server, whole ones. Anything else (also a frame that is never finished, which would swallow
/// what follows) is not fine.
raw_meaning read_raw(std::string_view bytes);

} // namespace relay::sim
