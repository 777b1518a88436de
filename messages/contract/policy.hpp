// Which messages of a platform are relevant (protocol.md 2.2).
#pragma once

#include <caf/meta/type_name.hpp>

#include <string>
#include <utility>
#include <vector>

namespace relay {

struct relevance_policy {
  std::string platform;
  bool require_address = false;
  std::vector<std::string> free_response_scopes;
  bool allow_other_bots = false;
  bool mention_given = false; ///< `require_address` was set, also when it is false

  /// Nothing is set: nothing is declared, but for withdrawing once what was declared before.
  bool is_unset() const {
    return !mention_given && !require_address && free_response_scopes.empty() && !allow_other_bots;
  }
  /// What takes the place of a declaration that is withdrawn. It opens nothing.
  static relevance_policy quiet_default(std::string platform) {
    return {std::move(platform), true, {}, false};
  }
  friend bool operator==(const relevance_policy&, const relevance_policy&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, relevance_policy& x) {
  return f(caf::meta::type_name("relevance_policy"), x.platform, x.require_address, x.free_response_scopes,
           x.allow_other_bots, x.mention_given);
}

} // namespace relay
