#include "relay_gateway/actors/egress/egress_reactions.hpp"

#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/actors/egress/core/action_shape.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/metrics.hpp"

#include <string>
#include <utility>
#include <vector>

namespace relay::egress {

namespace {

bool can_react(const egress_state& s, const std::string& platform) {
  return s.link.connection && core::destination(s.link.what.get(), platform).supports(op::react);
}

void react(egress_state& s, const std::string& delivery_id, std::vector<action> what) {
  for (auto& x : what) {
    auto to = s.routes.resolve({{}, {}, delivery_id, x, false}, now_of(s.self));
    if (!to || !can_react(s, to.where.platform)) {
      s.env.metrics->add(counter::reactions, "dropped");
      continue;
    }
    tell_all(s.self, s.env, s.link.connection,
             s.frames); // in its turn: behind those that were decided before
    tell(s.self, s.link.connection, best_effort_send{std::move(x), std::move(to.where)});
  }
}

} // namespace

void mark(egress_state& s, const turn_mark& x) {
  if (x.given_up) {
    end_turn(s, x.delivery_id, core::turn_end::failed);
    return;
  }
  react(s, x.delivery_id,
        s.shown.begun(x.delivery_id, x.chat, x.message_id,
                      can_react(s, x.chat.platform == generic_platform ? std::string{} : x.chat.platform),
                      now_of(s.self)));
}

void end_turn(egress_state& s, const std::string& delivery_id, core::turn_end how) {
  react(s, delivery_id, s.shown.ended(delivery_id, how));
}

} // namespace relay::egress
