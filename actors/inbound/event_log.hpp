// The way of an event as log lines: at debug, each with the ids by which one turn can be followed through the
// gateway, and never with what was said.
#pragma once

#include "relay_gateway/actors/inbound/core/inbox.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/messages/control.hpp"

#include <cstdint>
#include <string>

namespace relay::event_log {

/// Whether anybody reads these lines. What they need is computed only then.
inline bool wanted(const log_port& log) { return log.wants(severity::debug); }

/// `event.received`: a fresh event has this delivery id from now on. `spilled`: it waits on disk.
void received(log_port& log, std::uint64_t epoch, const std::string& delivery, const std::string& session,
              const inbound_item& item, bool spilled);
/// `event.delivered`: to an agent.
void delivered(log_port& log, std::uint64_t epoch, const delivery& x, const core::handout& of);
/// `event.acked`: an agent took it.
void acked(log_port& log, std::uint64_t epoch, const std::string& delivery, const inbound_event& x,
           const core::delivery_progress& progress, core::instant now);
/// `event.consumed`: an answer to a prompt that no agent gets, and why.
void consumed(log_port& log, const inbound_item& item, const char* verdict);
/// `buffer.acked`: the connector may drop these entries of its buffer.
void buffer_acked(log_port& log, std::uint64_t epoch, const std::vector<std::string>& ids);

} // namespace relay::event_log
