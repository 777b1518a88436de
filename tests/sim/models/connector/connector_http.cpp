// The connector's HTTP side, and the identity provider beside it (protocol.md 2).
#include "relay_gateway/tests/sim/models/connector/connector.hpp"
#include "relay_gateway/tests/sim/models/identity_provider.hpp"

#include <algorithm>
#include <utility>

namespace relay::sim {

namespace {

bool ends_with(const std::string& text, std::string_view end) { return text.ends_with(end); }

} // namespace

http_response connector::answer(const http_request& what) {
  if (what.url == plan_.settings.idp.token_url) return token(what);
  if (logins && identity_provider::is_asked(what)) return logins->refresh(what);
  if (is_down()) return {};
  auto base = plan_.connector_url();
  if (what.url.rfind(base + "/relay/", 0) != 0) return reply(404, "{}");
  if (ends_with(what.url, "/relay/provision")) return provision(what);
  if (ends_with(what.url, "/relay/policy")) return policy(what);
  return media(what);
}

http_response connector::token(const http_request& what) const {
  auto& faults = on_.faults;
  if (faults.hit(fault::idp_down)) {
    auto kind = faults.of(fault::idp_down).below(4);
    if (kind == 0) return {};
    if (kind == 1) return reply(503, "<html>down</html>");
    if (kind == 2) return reply(401, R"({"error":"invalid_client"})");
    return reply(200, "no json");
  }
  auto& form = what.body.reveal();
  if (form.find("grant_type=client_credentials") == std::string::npos ||
      form.find("client_secret=" + plan_.client_secret) == std::string::npos)
    return reply(400, R"({"error":"invalid_request"})");
  return reply(200, json_object{}.text("access_token", plan_.identity_token).number("expires_in", 90).done());
}

http_response connector::provision(const http_request& what) {
  auto& faults = on_.faults;
  auto& who = what.bearer.reveal();
  auto stored = plan_.credentials == identity_choice::login_store;
  if (stored ? !logins || !logins->knows(who) : who != plan_.identity_token)
    return reply(401, R"({"error":"who are you"})");
  json_text body{what.body.reveal()};
  auto id = text(body.root(), "gatewayId");
  auto platform = text(body.root(), "platform");
  if (id.empty() || platform.empty()) return reply(400, R"({"error":"a field is missing"})");
  if (on_provisioning && faults.often(fault::provisioner_crash)) on_provisioning(platform);
  if (faults.hit(fault::provision_refused)) {
    auto kind = faults.of(fault::provision_refused).below(5);
    if (kind == 0) return reply(403, R"({"error":"not today"})");
    if (kind == 1) return reply(500, "oops");
    if (kind == 2) return reply(302, "");
    if (kind == 3) return reply(200, "[1,2]");
    return reply(200, R"({"tenant":"t"})"); // counts only when a secret is held
  }
  auto& mine = history_.of(id);
  mine.platforms[platform] = text(body.root(), "botId");
  if (secret_known && faults.hit(fault::provision_withheld))
    return reply(200, json_object{}.flag("secretIssued", false).text("tenant", "tenant-1").done());
  // A second platform gets the secret that counts already, or a further one.
  auto known = mine.secrets.empty() ? std::string{} : mine.secrets.back();
  auto key = known.empty() || rng_.chance(0.3) ? history_.issue(id, rng_.bits()) : known;
  return reply(200, json_object{}
                        .text("secret", key)
                        .text("deliveryKey", "delivery-" + key)
                        .text("tenant", "tenant-1")
                        .text("gatewayId", id)
                        .raw("routeKeys", "[\"key-1\"]")
                        .done());
}

http_response connector::policy(const http_request& what) {
  auto& faults = on_.faults;
  std::string id;
  auto verdict = history_.check(what.bearer.reveal(), now_s(), id);
  if (verdict != token_verdict::good)
    return reply(401, json_object{}.text("error", to_string(verdict)).done());
  if (faults.hit(fault::policy_refused)) {
    auto kind = faults.of(fault::policy_refused).below(3);
    return reply(kind == 0 ? 404 : kind == 1 ? 500 : 202, R"({"error":"no policy here"})");
  }
  json_text body{what.body.reveal()};
  declared_policy x;
  x.require_address = flag(body.root(), "requireAddress");
  x.allow_other_bots = flag(body.root(), "allowOtherBots");
  auto& scopes = member(body.root(), "freeResponseScopes");
  if (scopes.IsArray())
    for (auto& y : scopes.GetArray())
      if (y.IsString()) x.free_scopes.emplace_back(y.GetString());
  history_.of(id).policies[text(body.root(), "platform")] = std::move(x);
  return reply(200, R"({"ok":true})");
}

http_response connector::media(const http_request& what) {
  std::string id;
  if (history_.check(what.bearer.reveal(), now_s(), id) != token_verdict::good) return reply(401, "{}");
  if (what.method == "GET") return reply(200, "bytes");
  return reply(200, json_object{}.text("id", "up" + std::to_string(++uploads_)).number("size", 100).done());
}

} // namespace relay::sim
