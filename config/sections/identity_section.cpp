#include "relay_gateway/config/sections/identity_section.hpp"

#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/config/values/addresses/url_rules.hpp"
#include "relay_gateway/config/values/rows.hpp"

namespace relay::config {

namespace {

/// A token URL without id or secret is an error; the source counts as not configured then.
void check_client(reading& in, identity_settings& idp) {
  if (idp.token_url.empty()) return;
  std::string missing;
  if (idp.client_id.empty()) missing = "client_id";
  if (idp.client_secret.empty()) missing += missing.empty() ? "client_secret" : " and client_secret";
  if (missing.empty()) return;
  in.wrong(keys::idp_token_url.key, in.where(keys::idp_token_url), "is set without " + missing,
           "client credentials are not used");
  idp.token_url.clear();
  in.revert(keys::idp_token_url, "");
}

} // namespace

identity_settings read_identity(reading& in) {
  identity_settings result;
  read_rows(in, identity_rows, result);
  check_client(in, result);
  if (auto home = hermes_home(in.from()); !home.empty()) result.login_store = beside(home + "/", "auth.json");
  in.row("login_store", result.login_store, "default");
  auto hermes = in.url(keys::hermes_portal, portal_rule);
  auto nous = in.url(keys::nous_portal, portal_rule);
  result.portal_override = hermes.empty() ? nous : hermes;
  return result;
}

} // namespace relay::config
