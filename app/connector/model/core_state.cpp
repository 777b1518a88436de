// What a restarted connector must still know: gateways with their secrets, enrollment tokens, policies,
// buffers.
#include "relay_gateway/app/connector/model/core.hpp"

namespace relay::connector {

namespace {

std::string keys_text(const std::vector<secret>& keys) {
  json::items out;
  for (const auto& x : keys) out.raw(json::quote(x.reveal()));
  return out.array();
}

} // namespace

std::string core::state() const {
  json::items gateways, enrollments;
  for (const auto& [id, x] : keys_.all()) {
    json::fields one;
    one.add("id", id).raw("keys", keys_text(x.keys)).add("delivery_key", x.delivery_key.reveal());
    one.add("tenant", x.tenant).add("wake_url", x.wake_url).add("endpoint", x.endpoint);
    one.add("instance_id", x.instance_id).add("display_name", x.display_name).add("platforms", x.platforms);
    gateways.raw(one.object());
  }
  for (const auto& x : keys_.enrollments()) {
    json::fields one;
    one.add("token", x.token.reveal())
        .add("tenant", x.tenant)
        .add("expires", x.expires_s)
        .add("used", x.used);
    enrollments.raw(one.object());
  }
  json::items lines;
  for (const auto& [id, x] : lines_) {
    json::items waiting;
    for (const auto& entry : x.waiting.entries()) {
      json::fields one;
      one.add("buffer_id", entry.buffer_id).add("platform", entry.platform).add("payload", entry.payload);
      waiting.raw(one.add("passthrough", entry.passthrough).object());
    }
    json::fields policies;
    for (const auto& [platform, body] : x.policies) policies.raw(platform, body);
    json::fields one;
    one.add("id", id).raw("waiting", waiting.array()).raw("policies", policies.object());
    lines.raw(one.object());
  }
  json::fields out;
  out.add("version", 1).raw("gateways", gateways.array()).raw("enrollments", enrollments.array());
  return out.raw("lines", lines.array()).object();
}

bool core::restore(std::string_view text, std::string& error) {
  json::document doc;
  if (!json::parse_object(text, doc) || json::number(doc, "version", 0) != 1) {
    error = "the saved state is not one of this version";
    return false;
  }
  auto each = [](const json::value& from, const char* key, auto act) {
    const auto* list = json::member(from, key);
    if (!list || !list->IsArray()) return;
    for (const auto& one : list->GetArray())
      if (one.IsObject()) act(one);
  };
  each(doc, "gateways", [&](const json::value& one) {
    known_gateway x;
    for (auto& key : json::texts(one, "keys")) x.keys.emplace_back(std::move(key));
    x.delivery_key = secret{std::string{json::text(one, "delivery_key")}};
    x.tenant = json::text(one, "tenant");
    x.wake_url = json::text(one, "wake_url");
    x.endpoint = json::text(one, "endpoint");
    x.instance_id = json::text(one, "instance_id");
    x.display_name = json::text(one, "display_name");
    x.platforms = json::texts(one, "platforms");
    keys_.restore(std::string{json::text(one, "id")}, std::move(x));
  });
  each(doc, "enrollments", [&](const json::value& one) {
    keys_.add_enrollment({secret{std::string{json::text(one, "token")}},
                          std::string{json::text(one, "tenant")}, json::number(one, "expires", 0),
                          json::flag(one, "used", false)});
  });
  each(doc, "lines", [&](const json::value& one) {
    auto& events = lines_[std::string{json::text(one, "id")}];
    events.seen = ++last_seen_;
    each(one, "waiting", [&](const json::value& entry) {
      events.waiting.push(
          {std::string{json::text(entry, "buffer_id")}, std::string{json::text(entry, "platform")},
           std::string{json::text(entry, "payload")}, json::flag(entry, "passthrough", false)});
    });
    const auto* policies = json::member(one, "policies");
    if (!policies || !policies->IsObject()) return;
    for (const auto& x : policies->GetObject())
      events.policies[{x.name.GetString(), x.name.GetStringLength()}] = json::write(x.value);
  });
  return true;
}

} // namespace relay::connector
