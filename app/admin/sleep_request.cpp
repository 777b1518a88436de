#include "relay_gateway/app/admin/sleep_request.hpp"

#include "relay_gateway/config/values/hold.hpp"
#include "relay_gateway/config/values/units.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

namespace relay::admin {

sleep_request read_sleep(std::string_view query_hold, std::string_view body) {
  std::string asked{query_hold};
  if (asked.empty() && !body.empty()) {
    wire::json::document doc;
    if (!doc.parse_object(body)) return {{}, std::string{"the body is "} + wire::json::explain(doc.why())};
    const auto* found = wire::json::find(doc.root(), "hold");
    if (found != nullptr && found->IsString())
      asked = wire::json::view(*found);
    else if (found != nullptr && found->IsNumber())
      asked = wire::json::text_of(*found, {});
    else if (found != nullptr && !found->IsNull())
      return {{}, "hold is neither a text nor a number"};
  }
  if (asked.empty()) return {};
  auto hold = config::parse_hold(asked);
  if (!hold.value) return {{}, "hold " + hold.reason};
  return {dormancy_order{*hold.value, true}, {}};
}

sleep_answer answer_to(const dormancy_order& what, const dormancy_outcome* done) {
  sleep_answer result;
  wire::json::object_writer to{result.body};
  if (done == nullptr) {
    to.text("error", "the gateway gave no outcome in time; ask for its status");
  } else if (done->asleep) {
    result.status = 202;
    to.boolean("accepted", true).text("state", "dormant").text("hold", config::duration_text(what.hold));
  } else {
    result.status = 409;
    to.boolean("accepted", false).text("reason", done->why_not);
  }
  to.end();
  return result;
}

} // namespace relay::admin
