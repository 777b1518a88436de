// What the inbox tests share: events by their names, and an inbox with a clock that turns each call into its
// step.
#pragma once

#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace relay::core::inbox_rig {

using namespace std::chrono_literals;

inline event_ref event(const std::string& chat, const std::string& message,
                       const std::string& text = "hello") {
  inbound_event x;
  x.source.platform = "p";
  x.source.chat_id = chat;
  x.message_id = message;
  x.text = text;
  return event_ref{std::move(x)};
}

/// A line that nobody could read.
inline event_ref unreadable(const std::string& text) {
  inbound_event x;
  x.text = text;
  x.unreadable = true;
  return event_ref{std::move(x)};
}

inline event_ref edited(const std::string& text) {
  inbound_event x = *event("c", "m", text);
  x.source.message_is_edit = true;
  return event_ref{std::move(x)};
}

/// Bounds that a handful of events reach.
inline inbox_rules small() {
  inbox_rules x;
  x.dedupe_entries = 4;
  x.max_pending = 2;
  x.max_deliveries = 3;
  return x;
}

/// The calls that every driver has. Its run() gets the step and may do more with it.
template <class Driver>
struct calls {
  inbox_step accept(const event_ref& x, const std::string& buffer_id = {}) {
    return self().run([&](auto& out) { last = self().box.accept(x, buffer_id, now, out); });
  }
  inbox_step set_aside(const event_ref& x, const std::string& buffer_id = {}) {
    return self().run([&](auto& out) { known = self().box.set_aside(x, buffer_id, now, out); });
  }
  inbox_step ack(std::uint64_t id) {
    return self().run([&](auto& out) { known = self().box.acked(id, now, out); });
  }
  inbox_step returned(std::uint64_t id) {
    return self().run([&](auto& out) { self().box.returned(id, now, out); });
  }
  inbox_step presence(bool x) {
    return self().run([&](auto& out) { self().box.presence(x, now, out); });
  }
  inbox_step timer() {
    return self().run([&](auto& out) { self().box.timer(now, out); });
  }
  instant now{1h};
  arrival last = arrival::fresh; ///< of the last accept()
  bool known = false;            ///< what the last set_aside() or ack() said

private:
  Driver& self() { return static_cast<Driver&>(*this); }
};

/// An inbox without a disk.
struct driver : calls<driver> {
  explicit driver(inbox_rules rules = {}, bool present = true) : box(rules) {
    if (present) presence(true);
  }
  template <class F>
  inbox_step run(F f) {
    inbox_step out;
    f(out);
    return out;
  }
  inbox box;
};

/// Which events a step gives to the agent.
inline std::vector<std::uint64_t> ids(const inbox_step& x) {
  std::vector<std::uint64_t> out;
  for (auto& y : x.deliver) out.push_back(y.id);
  return out;
}

} // namespace relay::core::inbox_rig
