// A server's WebSocket frames by hand (RFC 6455, 5.2): what Beast would not write. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::connector {

/// One frame, not masked. `opcode`: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.
inline std::string ws_bytes(int opcode, bool last, std::string_view payload) {
  std::string out;
  auto byte = [&](std::uint64_t x) { out += static_cast<char>(static_cast<unsigned char>(x & 0xFFU)); };
  byte((last ? 0x80U : 0U) | static_cast<unsigned>(opcode));
  std::uint64_t size = payload.size();
  int wide = size < 126 ? 0 : size < 65536 ? 2 : 8;
  byte(wide == 0 ? size : wide == 2 ? 126U : 127U);
  for (int i = wide - 1; i >= 0; --i) byte(size >> (8U * static_cast<unsigned>(i)));
  out += payload;
  return out;
}

} // namespace relay::connector
