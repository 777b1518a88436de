#include "relay_gateway/messages/wire/http/base64.hpp"

#include <array>
#include <cstdint>

namespace relay::wire {

namespace {

constexpr std::string_view standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> reverse(std::string_view alphabet) {
  std::array<std::int8_t, 256> out{};
  for (auto& x : out) x = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return out;
}
constexpr auto standard_values = reverse(standard);
constexpr auto url_safe_values = reverse(url_safe);

std::string encode(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (have += 8; have >= 6;) {
      have -= 6;
      out += alphabet[(bits >> have) & 63];
    }
  }
  if (have > 0) out += alphabet[(bits << (6 - have)) & 63];
  while (pad && out.size() % 4 != 0) out += '=';
  return out;
}

/// `text` without padding. Strict: one text for each byte string, so left-over bits must be zero.
bool decode(std::string_view text, const std::array<std::int8_t, 256>& values, std::string& out) {
  out.clear();
  if (text.size() % 4 == 1) return false;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const auto six = values[static_cast<unsigned char>(c)];
    if (six < 0) return false;
    bits = (bits << 6) | static_cast<std::uint32_t>(six);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>((bits >> have) & 0xFF);
    }
  }
  return (bits & ((1U << have) - 1)) == 0;
}

} // namespace

std::string base64_encode(std::string_view bytes) { return encode(bytes, standard, true); }

bool base64_decode(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  if (text.size() >= 4 && text.back() == '=') text.remove_suffix(text[text.size() - 2] == '=' ? 2 : 1);
  if (decode(text, standard_values, out)) return true;
  out.clear();
  return false;
}

std::string base64url_encode(std::string_view bytes) { return encode(bytes, url_safe, false); }

bool base64url_decode(std::string_view text, std::string& out) {
  if (decode(text, url_safe_values, out)) return true;
  out.clear();
  return false;
}

} // namespace relay::wire
