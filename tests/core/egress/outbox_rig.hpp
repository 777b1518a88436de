// What the outbox tests share: actions by their names and a route for them.
#pragma once

#include "relay_gateway/actors/egress/core/outbox.hpp"
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace relay::core::rig {

/// What the wall clock says at `start`, in ms.
inline constexpr std::int64_t wall = 1'000'000'000;

inline action_request request(std::string id, bool resend = false) {
  action_request x;
  x.request_id = std::move(id);
  x.act.kind = op::send;
  x.act.chat_id = "c";
  x.act.content = "#" + x.request_id;
  x.resend_unknown = resend;
  return x;
}
inline route to_p() {
  route x;
  x.platform = "p";
  return x;
}

} // namespace relay::core::rig
