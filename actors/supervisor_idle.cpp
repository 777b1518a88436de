// The idle policy: a gateway without any work goes to sleep, or ends, until its wake URL is called
// (protocol.md 3.2).
#include "actors/caf_compat.hpp"
#include "actors/supervisor.hpp"

#include <chrono>
#include <memory>

namespace relay {

using namespace std::chrono_literals;

void supervisor_state::watch_idle() {
  idle = core::idle_watch{settings->service.idle_after, now_of(self)};
  if (idle.pace().count() == 0 || looking) return;
  if (settings->relay.wake_url.empty()) {
    world.notes->note(severity::warn, "idle.no_wake_url",
                      {{"why", "gateway.idle is set without gateway.relay_wake_url"},
                       {"next", "staying awake: nobody could wake this gateway"}});
    return;
  }
  looking = true;
  tell_later<supervisor_actor>(self, idle.pace(), atom::idle_v);
}

void supervisor_state::look_for_work() {
  looking = false;
  if (now != stage::running || idle.pace().count() == 0) return;
  looking = true;
  tell_later<supervisor_actor>(self, idle.pace(), atom::idle_v);
  // Only a serving link can be put to sleep in order; until then this is no idleness but an outage.
  if (link.phase != link_phase::connected) {
    looked({false, 0, 0});
    return;
  }
  auto sum = std::make_shared<core::workload>();
  auto parts = std::make_shared<int>(2);
  auto part = [this, sum, parts] {
    if (--*parts == 0) looked(*sum);
  };
  auto unreadable = [sum, part](const caf::error&) {
    sum->readable = false; // unreadable = busy (F69)
    part();
  };
  self->request(inbound, caf::duration{1s}, atom::status_v)
      .then(
          [sum, part](const inbound_report& x) {
            sum->in_hand += x.pending + x.prompts;
            sum->ever_done += x.ever;
            part();
          },
          unreadable);
  self->request(egress, caf::duration{1s}, atom::status_v)
      .then(
          [sum, part](const egress_report& x) {
            sum->in_hand += x.pending + x.turns;
            sum->ever_done += x.ever;
            part();
          },
          unreadable);
}

void supervisor_state::looked(const core::workload& x) {
  if (!idle.look(x, now_of(self)) || now != stage::running) return;
  auto leave = settings->service.idle_does == config::idle_action::exit;
  world.notes->note(severity::info, "idle.now",
                    {{"after_ms", std::to_string(settings->service.idle_after.count())},
                     {"next", leave ? "draining and ending" : "going dormant"}});
  if (leave) {
    drain();
  } else {
    tell(self, keeper, command::dormant);
  }
}

} // namespace relay
