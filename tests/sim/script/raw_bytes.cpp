#include "relay_gateway/tests/sim/script/raw_bytes.hpp"

namespace relay::sim {

raw_meaning read_raw(std::string_view bytes) {
  raw_meaning out;
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  while (!bytes.empty() && !out.closes) {
    out.fine = false;
    if (bytes.size() < 2) return out;
    auto opcode = at(0) & 15U;
    auto known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    auto reserved = (at(0) & 0x70U) != 0, masked = (at(1) & 0x80U) != 0;
    if (!known || reserved || masked) return out;
    std::uint64_t size = at(1) & 0x7FU;
    std::size_t head = 2, wide = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (opcode >= 8 && (wide > 0 || (at(0) & 0x80U) == 0)) return out; // control frames are short and whole
    if (bytes.size() < head + wide) return out;
    if (wide > 0) size = 0;
    for (std::size_t i = 0; i < wide; ++i) size = (size << 8U) | at(head + i);
    head += wide;
    if (bytes.size() - head < size) return out;
    auto payload = bytes.substr(head, static_cast<std::size_t>(size));
    if (opcode == 8) {
      out.closes = true;
      if (payload.size() >= 2)
        out.code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                              static_cast<unsigned char>(payload[1]));
    } else if (opcode <= 2) {
      out.text += payload;
    }
    out.fine = true;
    bytes.remove_prefix(head + static_cast<std::size_t>(size));
  }
  return out;
}

} // namespace relay::sim
