// The reactions on a message that is worked on (actors/egress/core/reactions): straight to the connection,
// past the chat's order, so that no reply ever waits for one.
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/metrics.hpp"

namespace relay {

void egress_state::mark(const turn_mark& x) {
  if (x.given_up) {
    end_turn(x.delivery_id, core::turn_end::failed);
    return;
  }
  react(x.delivery_id,
        shown.begun(x.delivery_id, x.chat, x.message_id,
                    can_react(x.chat.platform == generic_platform ? std::string{} : x.chat.platform),
                    now_of(self)));
}

void egress_state::end_turn(const std::string& delivery_id, core::turn_end how) {
  react(delivery_id, shown.ended(delivery_id, how));
}

bool egress_state::can_react(const std::string& platform) const {
  return link.connection && core::destination(link.what.get(), platform).supports(op::react);
}

void egress_state::react(const std::string& delivery_id, std::vector<action> what) {
  for (auto& x : what) {
    auto to = routes.resolve({{}, {}, delivery_id, x, false}, now_of(self));
    if (!to || !can_react(to.where.platform)) {
      env.metrics->add(counter::reactions, "dropped");
      continue;
    }
    tell(self, link.connection, best_effort_send{std::move(x), std::move(to.where)});
  }
}

} // namespace relay
