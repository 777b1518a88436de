// Who may connect: the gateways with their secrets, and the tokens that prove them (protocol.md 2).
#pragma once

#include "relay_gateway/messages/secret.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector {

/// What was found out about a bearer; goes into the records, so it holds nothing secret.
struct token_verdict {
  bool ok = false;
  std::string check; ///< ok missing malformed unknown_gateway bad_signature expired
  std::string gateway_id;
  std::int64_t exp = -1; ///< -1 = unreadable, 0 = never expires
};

/// One gateway's credentials and what it said when it was provisioned.
struct known_gateway {
  std::vector<secret> keys; ///< the rotation list, newest first; empty = revoked
  secret delivery_key;
  std::string tenant, wake_url, endpoint, instance_id, display_name;
  std::vector<std::string> platforms; ///< provisioned, in order
};

/// A token that may be redeemed once.
struct enrollment {
  secret token;
  std::string tenant;
  std::int64_t expires_s = 0; ///< 0 = never
  bool used = false;
};

/// Not thread-safe. Time is an argument (unix seconds); random text comes from the function given.
class keyring {
public:
  /// `fresh` makes an unguessable text.
  explicit keyring(std::function<std::string()> fresh) : fresh_(std::move(fresh)) {}

  /// The gateway, made with a first secret when unknown or revoked; `was_known` says whether it had one.
  known_gateway& issue(const std::string& gateway_id, bool& was_known);
  void add(const std::string& gateway_id, const secret& key, std::string_view tenant);
  bool rotate(const std::string& gateway_id);
  void revoke(std::string_view gateway_id); ///< empty = all

  known_gateway* find(const std::string& gateway_id);
  const std::map<std::string, known_gateway>& all() const { return gateways_; }

  /// `authorization`: the header as it came.
  token_verdict verify(std::string_view authorization, std::int64_t now_s) const;

  void add_enrollment(enrollment x);
  /// Uses the token up. Null and one line in `why` (for the answer's `error`) when it does not hold.
  const enrollment* redeem(std::string_view token, std::int64_t now_s, std::string& why);
  std::vector<enrollment>& enrollments() { return enrollments_; }
  const std::vector<enrollment>& enrollments() const { return enrollments_; }

  /// Puts back what a state file remembers.
  void restore(const std::string& gateway_id, known_gateway x) { gateways_[gateway_id] = std::move(x); }

private:
  std::function<std::string()> fresh_;
  std::map<std::string, known_gateway> gateways_;
  std::vector<enrollment> enrollments_;
};

/// The text behind `Bearer ` of an Authorization header, any case of the scheme; empty when it is no bearer.
std::string_view bearer_of(std::string_view authorization);
/// Whether two texts are equal, in a time that does not depend on where they differ.
bool same_text(std::string_view a, std::string_view b);

} // namespace relay::connector
