// The HTTP calls of gateways: provision, policy, enroll, media, and the decision on an upgrade (protocol.md
// 2, 6).
#include "relay_gateway/app/connector/model/core.hpp"

#include <algorithm>

namespace relay::connector {

namespace {

constexpr std::size_t max_call_body = 1ULL << 20;

http_answer problem(int status, std::string_view error) {
  http_answer out;
  out.status = status;
  out.body = json::fields{}.add("error", error).object();
  return out;
}

/// A body with the members that hold secrets masked; what is no object is recorded as text.
std::string masked(std::string_view body) {
  json::document doc;
  if (!json::parse_object(body, doc)) return json::quote(body.substr(0, 4096));
  for (const char* name : {"enrollmentToken", "secret", "deliveryKey"})
    if (doc.HasMember(name)) doc[name].SetString("***");
  return json::write(doc);
}

std::string header_list(const std::vector<std::pair<std::string, std::string>>& headers) {
  json::items out;
  for (const auto& [name, text] : headers) out.raw("[" + json::quote(name) + "," + json::quote(text) + "]");
  return out.array();
}

std::string verdict_json(const token_verdict& x) {
  json::fields out;
  out.add("verified", x.ok).add("check", x.check).maybe("gateway_id", x.gateway_id);
  if (x.exp >= 0) out.add("exp", x.exp);
  return out.object();
}

std::string unauthorized_text(const token_verdict& x) {
  return x.check == "expired" ? "expired" : "unauthorized";
}

} // namespace

http_answer core::call(const gateway_call& x) {
  constexpr std::string_view media = "/relay/media/";
  if (x.path == "/relay/media" && x.method == "POST") return upload(x);
  if (x.path.compare(0, media.size(), media) == 0 && x.method == "GET") return fetch(x);
  bool known = x.path == "/relay/provision" || x.path == "/relay/policy" || x.path == "/relay/enroll";
  if (!known) return problem(404, "no such path");
  if (x.method != "POST") return problem(405, "use POST");
  if (x.body.size() > max_call_body) return problem(413, "body too large");
  if (x.path == "/relay/provision") return provision(x);
  return x.path == "/relay/policy" ? policy(x) : enroll(x);
}

std::string core::caller(const gateway_call& x) const {
  auto named = keys_.verify(x.authorization, token_now_s()).gateway_id;
  json::document body;
  if (named.empty() && json::parse_object(x.body, body)) named = json::text(body, "gatewayId");
  return named;
}

std::string core::identity_problem(const gateway_call& x) const {
  auto bearer = bearer_of(x.authorization);
  if (bearer.empty()) return "identity token missing";
  if (!identity_token_.empty() && !same_text(bearer, identity_token_.reveal()))
    return "identity token not accepted";
  return {};
}

void core::note_call(std::string_view kind, std::string_view gateway_id, std::string_view platform,
                     const gateway_call& x, std::string_view body, const token_verdict* verdict,
                     const http_answer& given) {
  json::fields out;
  out.add("method", x.method).add("path", x.path).raw("headers", header_list(x.headers)).raw("body", body);
  if (verdict)
    out.raw("token", verdict_json(*verdict));
  else
    out.add("identity_problem", identity_problem(x));
  out.add("status", given.hang ? 0 : given.status)
      .add("delay_ms", static_cast<std::int64_t>(given.delay.count()));
  note(kind, gateway_id, platform, out);
}

bool core::scripted(answer_point on, std::string_view platform, std::string_view gateway_id,
                    http_answer& out) {
  const auto ruled = verdict_on(on, platform, gateway_id);
  if (!ruled.decided) return false;
  out.delay = ruled.delay;
  out.hang = ruled.silent;
  if (!ruled.instead) return ruled.silent;
  out.status = ruled.instead->status;
  out.headers = ruled.instead->headers;
  out.body = ruled.instead->body;
  return true;
}

faults::answer_verdict core::verdict_on(answer_point on, std::string_view platform,
                                        std::string_view gateway_id) {
  return faults_.on_answer({to_string(on), platform, gateway_id, {}, {}, {}}, world_.since_start());
}

http_answer core::provision(const gateway_call& x) {
  http_answer out;
  json::document body;
  bool readable = json::parse_object(x.body, body);
  std::string gateway_id, platform;
  if (readable) {
    gateway_id = json::text(body, "gatewayId");
    platform = json::text(body, "platform");
  }
  auto refusal = identity_problem(x);
  if (scripted(answer_point::provision, platform, gateway_id, out)) {
    // the rule's answer stands, and nothing is issued
  } else if (!refusal.empty()) {
    out.status = 401;
    out.body = json::fields{}.add("error", refusal).object();
  } else if (gateway_id.empty() || platform.empty()) {
    out.status = 400;
    out.body = json::fields{}.add("error", "gatewayId and platform are needed").object();
  } else {
    bool known = false;
    auto& gateway = keys_.issue(gateway_id, known);
    gateway.endpoint = json::text(body, "gatewayEndpoint");
    gateway.instance_id = json::text(body, "instanceId");
    gateway.wake_url = json::text(body, "wakeUrl");
    gateway.display_name = json::text(body, "displayName");
    auto& held = gateway.platforms;
    if (std::find(held.begin(), held.end(), platform) == held.end()) held.push_back(platform);
    lines_[gateway_id].seen = ++last_seen_;
    ++changes_;
    json::fields answer;
    if (known && how_.withhold_on_replay) {
      answer.add("secretIssued", false);
    } else {
      answer.add("secret", gateway.keys.front().reveal()).add("deliveryKey", gateway.delivery_key.reveal());
    }
    answer.add("tenant", gateway.tenant).add("gatewayId", gateway_id);
    answer.add("routeKeys", json::texts(body, "routeKeys"));
    out.body = answer.object();
  }
  note_call("provision", gateway_id, platform, x, masked(x.body), nullptr, out);
  return out;
}

http_answer core::policy(const gateway_call& x) {
  http_answer out;
  auto verdict = keys_.verify(x.authorization, token_now_s());
  json::document body;
  bool readable = json::parse_object(x.body, body);
  std::string platform;
  if (readable) platform = json::text(body, "platform");
  if (scripted(answer_point::policy, platform, verdict.gateway_id, out)) {
  } else if (!verdict.ok) {
    out = problem(401, unauthorized_text(verdict));
  } else if (platform.empty()) {
    out = problem(400, "platform is needed");
  } else {
    lines_[verdict.gateway_id].policies[platform] = json::write(body);
    ++changes_;
    out.body = R"({"ok":true})";
  }
  note_call("policy", verdict.gateway_id, platform, x, masked(x.body), &verdict, out);
  return out;
}

http_answer core::enroll(const gateway_call& x) {
  http_answer out;
  json::document body;
  std::string gateway_id, token, why;
  if (json::parse_object(x.body, body)) {
    gateway_id = json::text(body, "gatewayId");
    token = json::text(body, "enrollmentToken");
  }
  auto refusal = identity_problem(x);
  if (scripted(answer_point::enroll, {}, gateway_id, out)) {
  } else if (!refusal.empty()) {
    out = problem(401, refusal);
  } else if (gateway_id.empty() || token.empty()) {
    out = problem(400, "enrollmentToken and gatewayId are needed");
  } else if (const auto* found = keys_.redeem(token, token_now_s(), why); !found) {
    out = problem(403, why);
  } else {
    bool known = false;
    auto tenant = found->tenant;
    auto& gateway = keys_.issue(gateway_id, known);
    if (!tenant.empty()) gateway.tenant = tenant;
    lines_[gateway_id].seen = ++last_seen_;
    ++changes_;
    json::fields answer;
    answer.add("secret", gateway.keys.front().reveal()).add("deliveryKey", gateway.delivery_key.reveal());
    answer.add("tenant", gateway.tenant).add("gatewayId", gateway_id);
    out.body = answer.object();
  }
  note_call("enroll", gateway_id, {}, x, masked(x.body), nullptr, out);
  return out;
}

http_answer core::upload(const gateway_call& x) {
  http_answer out;
  auto verdict = keys_.verify(x.authorization, token_now_s());
  std::string id;
  if (scripted(answer_point::media_upload, {}, verdict.gateway_id, out)) {
  } else if (!verdict.ok) {
    out = problem(401, unauthorized_text(verdict));
  } else if (x.body.size() > media_store::max_one) {
    out = problem(413, "media is limited to 25 MB");
  } else {
    id = "m" + world_.fresh_text().substr(0, 16);
    media_.put({id, x.content_type, x.filename, x.body, now_ms() / 1000});
    auto size = static_cast<std::uint64_t>(x.body.size());
    out.body = json::fields{}.add("id", id).add("size", size).object();
  }
  json::fields seen; // the bytes themselves are not recorded
  seen.add("id", id)
      .add("size", static_cast<std::uint64_t>(x.body.size()))
      .add("content_type", x.content_type);
  seen.add("filename", x.filename);
  note_call("media_upload", verdict.gateway_id, {}, x, seen.object(), &verdict, out);
  return out;
}

http_answer core::fetch(const gateway_call& x) {
  http_answer out;
  auto verdict = keys_.verify(x.authorization, token_now_s());
  auto id = x.path.substr(x.path.rfind('/') + 1);
  if (scripted(answer_point::media_fetch, {}, verdict.gateway_id, out)) {
  } else if (!verdict.ok) {
    out = problem(401, unauthorized_text(verdict));
  } else if (const auto* found = media_.find(id, now_ms() / 1000); !found) {
    out = problem(404, "no such media");
  } else {
    out.content_type = found->content_type.empty() ? "application/octet-stream" : found->content_type;
    out.body = found->body;
  }
  note_call("media_fetch", verdict.gateway_id, {}, x, json::fields{}.add("id", id).object(), &verdict, out);
  return out;
}

upgrade_answer core::upgrade(const gateway_call& x) {
  upgrade_answer out;
  auto verdict = keys_.verify(x.authorization, token_now_s());
  bool allowed = verdict.ok || (verdict.check == "missing" && !how_.require_token);
  out.gateway_id = verdict.gateway_id.empty() ? "anonymous" : verdict.gateway_id;
  const auto ruled = verdict_on(answer_point::upgrade, {}, out.gateway_id);
  out.delay = ruled.delay;
  if (ruled.silent) {
    out.hang = true;
  } else if (ruled.instead) {
    out.status = ruled.instead->status;
    out.headers = ruled.instead->headers;
    out.body = ruled.instead->body.empty() ? json::fields{}.add("error", "refused by script").object()
                                           : ruled.instead->body;
  } else if (ruled.cut) {
    out.drop = true;
  } else if (ruled.close_with) {
    out.close_code = ruled.close_with->code;
    out.close_reason = ruled.close_with->reason;
  } else if (!allowed && how_.refuse_bad_token) {
    out.status = 401;
    out.body = json::fields{}.add("error", unauthorized_text(verdict)).object();
  } else if (!allowed) {
    out.close_code = 4401;
    out.close_reason = unauthorized_text(verdict);
  }
  json::fields seen;
  seen.add("path", x.path).raw("headers", header_list(x.headers)).raw("token", verdict_json(verdict));
  seen.add("status", out.hang ? 0 : out.status != 0 ? out.status : 101).add("close_code", out.close_code);
  seen.maybe("close_reason", out.close_reason);
  note("upgrade", verdict.gateway_id, {}, seen);
  return out;
}

} // namespace relay::connector
