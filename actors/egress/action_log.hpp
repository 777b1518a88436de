// The way of an action as log lines: at debug, each with the ids by which one turn can be followed through
// the gateway, and never with what it says. One that failed, or whose fate is unknown, is a warning.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/ports.hpp"

#include <cstdint>
#include <string>

namespace relay::action_log {

/// `action.accepted`
void accepted(log_port& log, std::uint64_t epoch, const egress_state::open_action& x);
/// `action.sent`: a frame of it goes to the connection.
void sent(log_port& log, std::uint64_t epoch, const egress_state::open_action& x,
          const core::sent_piece& piece, core::instant now);
/// `action.settled`: its outcome is told.
void settled(log_port& log, std::uint64_t epoch, const egress_state::open_action& x,
             const action_result& result, core::instant now);
/// `action.refused`: it was not accepted, and nothing was sent.
void refused(log_port& log, const action_request& x, const std::string& code, const std::string& error);

} // namespace relay::action_log
