#include "relay_gateway/app/connector/model/keyring.hpp"

#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include <algorithm>
#include <charconv>

namespace relay::connector {

namespace {

/// The expiry that a token claims, read without believing it: `<id>:<exp>:<sig>` in base64url.
std::int64_t claimed_expiry(std::string_view token) {
  std::string base64{token};
  std::replace(base64.begin(), base64.end(), '-', '+');
  std::replace(base64.begin(), base64.end(), '_', '/');
  base64.append((4 - base64.size() % 4) % 4, '=');
  std::string text;
  if (!wire::base64_decode(base64, text)) return -1;
  auto signature = text.rfind(':');
  if (signature == std::string::npos || signature == 0) return -1;
  auto expiry = text.rfind(':', signature - 1);
  if (expiry == std::string::npos) return -1;
  std::int64_t out = -1;
  const char *first = text.data() + expiry + 1, *last = text.data() + signature;
  auto [end, bad] = std::from_chars(first, last, out);
  return bad == std::errc{} && end == last ? out : -1;
}

const char* name_of(wire::token_check x) {
  switch (x) {
  case wire::token_check::ok: return "ok";
  case wire::token_check::malformed: return "malformed";
  case wire::token_check::bad_signature: return "bad_signature";
  case wire::token_check::expired: return "expired";
  }
  return "malformed";
}

} // namespace

std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size()) return {};
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != scheme[i]) return {};
  }
  authorization.remove_prefix(scheme.size());
  while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
  while (!authorization.empty() && authorization.back() == ' ') authorization.remove_suffix(1);
  return authorization;
}

bool same_text(std::string_view a, std::string_view b) {
  unsigned differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    differs |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  return differs == 0;
}

known_gateway& keyring::issue(const std::string& gateway_id, bool& was_known) {
  auto& x = gateways_[gateway_id];
  was_known = !x.keys.empty();
  if (x.keys.empty()) x.keys.emplace_back(fresh_());
  if (x.delivery_key.empty()) x.delivery_key = secret{fresh_()};
  if (x.tenant.empty()) x.tenant = "tenant-1";
  return x;
}

void keyring::add(const std::string& gateway_id, const secret& key, std::string_view tenant) {
  auto& x = gateways_[gateway_id];
  x.keys.insert(x.keys.begin(), key);
  if (x.delivery_key.empty()) x.delivery_key = secret{fresh_()};
  x.tenant = tenant.empty() ? "tenant-1" : std::string{tenant};
}

bool keyring::rotate(const std::string& gateway_id) {
  auto* x = find(gateway_id);
  if (!x) return false;
  x->keys.insert(x->keys.begin(), secret{fresh_()});
  return true;
}

void keyring::revoke(std::string_view gateway_id) {
  for (auto& [id, x] : gateways_)
    if (gateway_id.empty() || id == gateway_id) x.keys.clear();
}

known_gateway* keyring::find(const std::string& gateway_id) {
  auto it = gateways_.find(gateway_id);
  return it == gateways_.end() ? nullptr : &it->second;
}

token_verdict keyring::verify(std::string_view authorization, std::int64_t now_s) const {
  token_verdict out;
  auto token = bearer_of(authorization);
  if (token.empty()) {
    out.check = authorization.empty() ? "missing" : "malformed";
    return out;
  }
  out.gateway_id = wire::token_gateway_id(token);
  out.exp = claimed_expiry(token);
  if (out.gateway_id.empty()) {
    out.check = "malformed";
    return out;
  }
  auto it = gateways_.find(out.gateway_id);
  if (it == gateways_.end()) {
    out.check = "unknown_gateway";
    return out;
  }
  std::string id;
  auto check = wire::verify_token(token, it->second.keys, now_s, id);
  out.check = name_of(check);
  out.ok = check == wire::token_check::ok;
  return out;
}

void keyring::add_enrollment(enrollment x) { enrollments_.push_back(std::move(x)); }

const enrollment* keyring::redeem(std::string_view token, std::int64_t now_s, std::string& why) {
  for (auto& x : enrollments_) {
    if (!same_text(x.token.reveal(), token)) continue;
    if (x.used) {
      why = "enrollment token already used";
      return nullptr;
    }
    if (x.expires_s != 0 && now_s >= x.expires_s) {
      why = "enrollment token expired";
      return nullptr;
    }
    x.used = true;
    return &x;
  }
  why = "enrollment token invalid";
  return nullptr;
}

} // namespace relay::connector
