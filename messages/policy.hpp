// Which messages of a platform are relevant (protocol.md 2.2).
#pragma once

#include <caf/meta/type_name.hpp>

#include <string>
#include <vector>

namespace relay {

struct relevance_policy {
  std::string platform;
  bool require_address = false;
  std::vector<std::string> free_response_scopes;
  bool allow_other_bots = false;
  /// A policy that says nothing is not declared, except once to take back an earlier one.
  bool is_default() const { return !require_address && free_response_scopes.empty() && !allow_other_bots; }
  friend bool operator==(const relevance_policy&, const relevance_policy&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, relevance_policy& x) {
  return f(caf::meta::type_name("relevance_policy"), x.platform, x.require_address, x.free_response_scopes,
           x.allow_other_bots);
}

} // namespace relay
