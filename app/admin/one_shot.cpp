#include "relay_gateway/app/admin/one_shot.hpp"

#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/actions/action_codec.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"
#include "relay_gateway/messages/wire/json/json_unique.hpp"

namespace relay::admin {

namespace {

/// An optional text member. False when it is there and not a text.
bool read_text(const wire::json::value& root, const char* name, std::string& out) {
  const auto* found = wire::json::find(root, name);
  if (found == nullptr || found->IsNull()) return true;
  if (!found->IsString()) return false;
  out = wire::json::view(*found);
  return true;
}

one_shot not_one(std::string why) { return {{}, std::move(why)}; }

one_shot too_long(std::string why) { return {{}, std::move(why), "long_id"}; }

} // namespace

one_shot read_one_shot(std::string_view body) {
  wire::json::document doc;
  if (!doc.parse_object(body)) return not_one(std::string{"the body is "} + wire::json::explain(doc.why()));
  if (wire::json::has_repeated_names(doc.root())) return not_one("the body has a name twice");
  one_shot result;
  if (!read_text(doc.root(), "platform", result.request.platform)) return not_one("platform is not a string");
  if (!read_text(doc.root(), "request_id", result.request.request_id))
    return not_one("request_id is not a string");
  if (!wire::read_on_unknown(doc.root(), result.request.resend_unknown)) return not_one(wire::bad_on_unknown);
  if (result.request.request_id.size() > longest_request_id)
    return too_long("request_id is longer than " + std::to_string(longest_request_id) + " bytes");
  if (result.request.platform.size() > longest_id)
    return too_long("platform is longer than " + std::to_string(longest_id) + " bytes");
  const auto* what = wire::json::object(doc.root(), "action");
  if (what == nullptr) return not_one("action is missing or not an object");
  auto read = wire::read_action(*what, wire::json::member_source(doc.root(), doc.text(), "action"));
  if (!read) return {{}, std::move(read.error), read.too_many ? "too_many" : "bad_action"};
  if (const auto field = wire::overlong_field(read.value); !field.empty())
    return too_long("action: " + std::string{field} + " is too long");
  result.request.act = std::move(read.value);
  return result;
}

int status_of(const action_result& x) {
  switch (x.how) {
  case outcome::done: return 200;
  case outcome::unknown: return 504;
  case outcome::definite: break;
  }
  if (x.code == "not_connected" || x.code == "not_stored") return 503;
  return x.code == to_string(ec::bad_action) ? 400 : 409;
}

} // namespace relay::admin
