// The connector's book of gateways (protocol.md 2): who was provisioned with which secret, whose token is
// good. Written from the contract alone, with OpenSSL, so that it judges the gateway's own tokens.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace relay::sim {

/// Lower-case hex.
std::string hmac_sha256(std::string_view key, std::string_view text);
/// URL-safe, without padding; false on bad input.
bool decode_base64url(std::string_view text, std::string& out);

enum class token_verdict : std::uint8_t { good, none, malformed, unknown, forged, expired };
const char* to_string(token_verdict x) noexcept;

struct token_claims {
  std::string gateway_id, signature;
  std::int64_t exp = 0;
  std::string signed_part;
};
/// Splits from the right: an id may hold colons.
bool read_token(std::string_view token, token_claims& out);

struct declared_policy {
  bool require_address = false, allow_other_bots = false;
  std::vector<std::string> free_scopes;
  friend bool operator==(const declared_policy&, const declared_policy&) = default;
};

struct account {
  std::vector<std::string> secrets;             ///< all that count now, newest last
  std::map<std::string, std::string> platforms; ///< provisioned: platform -> bot id
  std::map<std::string, declared_policy> policies;
};

class accounts {
public:
  /// Makes a secret that counts, beside the older ones.
  std::string issue(const std::string& gateway_id, std::uint64_t random);
  /// A secret that an operator arranged.
  void arrange(const std::string& gateway_id, const std::string& secret);
  /// No secret counts any more: of all, or of one.
  void revoke_all();
  void revoke(const std::string& gateway_id) { all_[gateway_id].secrets.clear(); }
  token_verdict check(std::string_view token, std::int64_t now_s, std::string& gateway_id) const;
  account& of(const std::string& gateway_id) { return all_[gateway_id]; }
  std::vector<std::string> ids() const;
  bool knows(const std::string& gateway_id) const { return all_.count(gateway_id) > 0; }
  /// Every secret that there ever was: none of them may be seen anywhere.
  const std::set<std::string>& secrets_ever() const { return ever_; }

private:
  std::map<std::string, account> all_;
  std::set<std::string> ever_;
};

} // namespace relay::sim
