// What the gateway sends on the control plane.
#include "relay_gateway/messages/wire/http/control_plane.hpp"

#include "relay_gateway/messages/wire/json/json_write.hpp"

namespace relay::wire {

std::string encode_provision(const provision_request& x) {
  std::string out;
  json::object_writer{out}
      .text("gatewayId", x.gateway_id)
      .text("platform", x.platform)
      .text("botId", x.bot_id)
      .text("gatewayEndpoint", x.gateway_endpoint)
      .texts("routeKeys", x.route_keys)
      .optional("instanceId", x.instance_id)
      .optional("wakeUrl", x.wake_url)
      .optional("displayName", x.display_name)
      .end();
  return out;
}

std::string encode_policy(const relevance_policy& x) {
  std::string out;
  json::object_writer{out}
      .text("platform", x.platform)
      .boolean("requireAddress", x.require_address)
      .texts("freeResponseScopes", x.free_response_scopes)
      .boolean("allowOtherBots", x.allow_other_bots)
      .end();
  return out;
}

std::string encode_enroll(const secret& enrollment_token, std::string_view gateway_id) {
  std::string out;
  json::object_writer{out}
      .text("enrollmentToken", enrollment_token.reveal())
      .text("gatewayId", gateway_id)
      .end();
  return out;
}

std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  const auto append = [&out, hex](std::string_view text) {
    for (const char c : text) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         c == '*' || c == '-' || c == '.' || c == '_';
      if (plain) {
        out += c;
      } else if (c == ' ') {
        out += '+';
      } else {
        out += '%';
        out += hex[static_cast<unsigned char>(c) >> 4];
        out += hex[static_cast<unsigned char>(c) & 15];
      }
    }
  };
  for (const auto& [name, text] : fields) {
    if (!out.empty()) out += '&';
    append(name);
    out += '=';
    append(text);
  }
  return out;
}

} // namespace relay::wire
