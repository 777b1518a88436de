#include "relay_gateway/messages/wire/json/utf8.hpp"

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

namespace {

/// Bytes of the line separator at the front of `text`; 0 when there is none.
std::size_t separator_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first >= 0x0A && first <= 0x0D) return 1; // LF, VT, FF, CR
  if (first >= 0x1C && first <= 0x1E) return 1; // FS, GS, RS: lines to some readers
  if (text.starts_with("\xC2\x85")) return 2;   // U+0085
  if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) return 3; // U+2028, U+2029
  return 0;
}

/// Bytes of the white space character at the front of `text`; 0 when there is none.
std::size_t space_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first == ' ' || (first >= 0x09 && first <= 0x0D) || (first >= 0x1C && first <= 0x1F)) return 1;
  if (text.starts_with("\xC2\x85") || text.starts_with("\xC2\xA0")) return 2;
  for (const std::string_view wide :
       {"\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"})
    if (text.starts_with(wide)) return wide.size();
  // U+2000 to U+200A
  const bool spaces = text.size() >= 3 && text.starts_with("\xE2\x80") &&
                      static_cast<unsigned char>(text[2]) >= 0x80 &&
                      static_cast<unsigned char>(text[2]) <= 0x8A;
  return spaces ? 3 : 0;
}

} // namespace

std::string on_one_line(std::string text) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto n = separator_length(std::string_view{text}.substr(i));
    if (n > 1) { // shorter from here on
      out.append(text, copied, i - copied).append(" ");
      copied = i + n;
    } else if (n == 1) {
      text[i] = ' ';
    }
    i += n == 0 ? 1 : n;
  }
  if (copied == 0) return text;
  out.append(text, copied);
  return out;
}

bool is_blank(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto n = space_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

std::string valid_utf8(std::string_view text, std::size_t limit) {
  std::string out;
  const char* p = text.data();
  const char* end = p + text.size();
  while (p != end) {
    const auto n = utf8_length(p, end);
    const auto width = n == 0 ? std::size_t{3} : n;
    if (out.size() + width > limit) break;
    if (n == 0)
      out.append("\xEF\xBF\xBD");
    else
      out.append(p, n);
    p += n == 0 ? 1 : n;
  }
  return out;
}

} // namespace relay::wire
