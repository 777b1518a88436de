#include "relay_gateway/tests/sim/models/connector/accounts.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace relay::sim {

namespace {

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

} // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return hex(out.data(), size);
}

bool decode_base64url(std::string_view text, std::string& out) {
  out.clear();
  std::uint32_t bits = 0;
  int held = 0;
  for (auto c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '-') {
      value = 62;
    } else if (c == '_') {
      value = 63;
    } else {
      return false;
    }
    bits = (bits << 6) | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 0xFF);
  }
  return held < 6;
}

const char* to_string(token_verdict x) noexcept {
  switch (x) {
  case token_verdict::good: return "good";
  case token_verdict::none: return "none";
  case token_verdict::malformed: return "malformed";
  case token_verdict::unknown: return "unknown";
  case token_verdict::forged: return "forged";
  case token_verdict::expired: return "expired";
  }
  return "?";
}

bool read_token(std::string_view token, token_claims& out) {
  std::string plain;
  if (!decode_base64url(token, plain)) return false;
  auto second = plain.rfind(':');
  if (second == std::string::npos || second == 0) return false;
  auto first = plain.rfind(':', second - 1);
  if (first == std::string::npos) return false;
  out.gateway_id = plain.substr(0, first);
  out.signed_part = plain.substr(0, second);
  out.signature = plain.substr(second + 1);
  auto* from = plain.data() + first + 1;
  auto* to = plain.data() + second;
  auto [end, err] = std::from_chars(from, to, out.exp);
  return err == std::errc{} && end == to && !out.gateway_id.empty();
}

std::string accounts::issue(const std::string& gateway_id, std::uint64_t random) {
  auto secret = "issued-" + std::to_string(random);
  arrange(gateway_id, secret);
  return secret;
}

void accounts::arrange(const std::string& gateway_id, const std::string& secret) {
  all_[gateway_id].secrets.push_back(secret);
  ever_.insert(secret);
}

void accounts::revoke_all() {
  for (auto& [id, x] : all_) x.secrets.clear();
}

std::vector<std::string> accounts::ids() const {
  std::vector<std::string> out;
  for (auto& [id, x] : all_) out.push_back(id);
  return out;
}

token_verdict accounts::check(std::string_view token, std::int64_t now_s, std::string& gateway_id) const {
  if (token.empty()) return token_verdict::none;
  token_claims claims;
  if (!read_token(token, claims)) return token_verdict::malformed;
  gateway_id = claims.gateway_id;
  auto it = all_.find(claims.gateway_id);
  if (it == all_.end()) return token_verdict::unknown;
  auto& keys = it->second.secrets;
  auto fits = [&](auto& key) { return hmac_sha256(key, claims.signed_part) == claims.signature; };
  if (std::none_of(keys.begin(), keys.end(), fits)) return token_verdict::forged;
  if (claims.exp != 0 && claims.exp < now_s) return token_verdict::expired;
  return token_verdict::good;
}

} // namespace relay::sim
