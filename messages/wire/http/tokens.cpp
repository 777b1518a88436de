#include "relay_gateway/messages/wire/http/tokens.hpp"

#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/hex.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>

namespace relay::wire {

namespace {

std::string hmac_hex(const secret& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  const auto& bytes = key.reveal();
  if (HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size) == nullptr)
    return {};
  return hex({reinterpret_cast<const char*>(digest.data()), size});
}

/// Constant time in the contents; an empty signature equals nothing.
bool same(std::string_view a, std::string_view b) {
  return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Only digits: no sign, no space, no overflow.
bool parse_seconds(std::string_view text, std::int64_t& out) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

struct token_parts {
  std::string text; ///< the decoded token, which the others point into
  std::string_view gateway_id, payload, signature;
  std::int64_t exp = 0;
};
// From the right: an id may hold colons.
bool split_token(std::string_view token, token_parts& out) {
  if (!base64url_decode(token, out.text)) return false;
  const std::string_view all = out.text;
  const auto last = all.rfind(':');
  if (last == std::string_view::npos || last == 0) return false;
  const auto middle = all.rfind(':', last - 1);
  if (middle == std::string_view::npos || middle == 0) return false;
  out.gateway_id = all.substr(0, middle);
  out.payload = all.substr(0, last);
  out.signature = all.substr(last + 1);
  return out.signature.size() == 64 && parse_seconds(all.substr(middle + 1, last - middle - 1), out.exp);
}

} // namespace

secret mint_token(std::string_view gateway_id, const secret& key, std::int64_t exp) {
  std::string text{gateway_id};
  text += ':';
  text += std::to_string(exp);
  const auto signature = hmac_hex(key, text);
  text += ':';
  text += signature;
  return secret{base64url_encode(text)};
}

token_check verify_token(std::string_view token, const std::vector<secret>& keys, std::int64_t now,
                         std::string& gateway_id) {
  gateway_id.clear();
  token_parts parts;
  if (!split_token(token, parts)) return token_check::malformed;
  gateway_id = parts.gateway_id;
  bool good = false;
  for (const auto& key : keys) {
    // All are tried, so that the time does not tell which one fits. An unset key would let anyone in.
    if (!key.empty() && same(hmac_hex(key, parts.payload), parts.signature)) good = true;
  }
  if (!good) return token_check::bad_signature;
  return parts.exp != 0 && now > parts.exp ? token_check::expired : token_check::ok;
}

std::string token_gateway_id(std::string_view token) {
  token_parts parts;
  return split_token(token, parts) ? std::string{parts.gateway_id} : std::string{};
}

std::string sign_delivery(const secret& key, std::string_view timestamp, std::string_view body) {
  std::string text;
  text.reserve(timestamp.size() + 1 + body.size());
  text.append(timestamp).append(1, '.').append(body);
  return hmac_hex(key, text);
}

bool verify_delivery(const secret& key, std::string_view timestamp, std::string_view signature,
                     std::string_view body, std::int64_t now) {
  constexpr std::int64_t skew_limit_s = 300;
  std::int64_t then = 0;
  if (key.empty() || !parse_seconds(timestamp, then)) return false;
  // Both are not negative in practice; compare without a subtraction that could overflow.
  const bool in_time = now >= 0 && (now > then ? now - then : then - now) <= skew_limit_s;
  return same(sign_delivery(key, timestamp, body), signature) && in_time;
}

} // namespace relay::wire
