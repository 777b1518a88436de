#include "messages/wire/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace relay::wire {

namespace {
bool continues(const char* p) { return (static_cast<unsigned char>(*p) & 0xC0U) == 0x80U; }
} // namespace

std::size_t utf8_length(const char* p, const char* end) noexcept {
  const auto first = static_cast<unsigned char>(*p);
  const auto room = end - p;
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return room >= 2 && continues(p + 1) ? 2 : 0;
  if (room < 2) return 0;
  const auto second = static_cast<unsigned char>(p[1]);
  if (first < 0xF0) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;  // overlong below
    const unsigned high = first == 0xED ? 0x9F : 0xBF; // surrogates above
    return room >= 3 && second >= low && second <= high && continues(p + 2) ? 3 : 0;
  }
  if (first > 0xF4) return 0;
  const unsigned low = first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
  return room >= 4 && second >= low && second <= high && continues(p + 2) && continues(p + 3) ? 4 : 0;
}

bool is_utf8(std::string_view text) noexcept {
  const char* p = text.data();
  const char* end = p + text.size();
  while (p != end) {
    std::uint64_t word = 0;
    if (end - p >= 8) {
      std::memcpy(&word, p, 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        p += 8;
        continue;
      }
    }
    const auto n = utf8_length(p, end);
    if (n == 0) return false;
    p += n;
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  while (limit > 0 && continues(text.data() + limit)) --limit;
  return text.substr(0, limit);
}

std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

} // namespace relay::wire
