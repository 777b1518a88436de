// Sleep: a gateway without any work goes dormant, or ends, until its wake URL is called (protocol.md 3.2).
// Idleness is judged right before going_idle and again after its ack; work that comes while asleep wakes
// (F70).
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace relay {

using namespace std::chrono_literals;

namespace {
constexpr auto dormant_check_interval = 1s; ///< how soon work that comes while asleep is seen
} // namespace

// -- the idle policy ----------------------------------------------------------------------------------

void supervisor_state::watch_idle() {
  idle = core::idle_detector{settings->service.idle_after, now_of(self)};
  if (idle.pace().count() == 0) return;
  if (settings->relay.wake_url.empty()) {
    env.log->write(severity::warn, "idle.no_wake_url",
                   {{"why", "gateway.idle is set without gateway.relay_wake_url"},
                    {"next", "staying awake: nobody could wake this gateway"}});
    return;
  }
  if (std::exchange(looking, true)) return;
  tell_later<supervisor_actor>(self, idle.pace(), atom::idle_v);
}

void supervisor_state::look_for_work() {
  looking = false;
  if (now != stage::running || idle.pace().count() == 0 || settings->relay.wake_url.empty()) return;
  looking = true;
  tell_later<supervisor_actor>(self, idle.pace(), atom::idle_v);
  // Only a serving link can be put to sleep in order; until then this is no idleness but an outage.
  if (link.phase != link_phase::connected) {
    looked({false, 0, 0});
    return;
  }
  read_work([this](const core::workload& x) { looked(x); });
}

void supervisor_state::looked(const core::workload& x) {
  if (!idle.look(x, now_of(self)) || now != stage::running) return;
  auto leave = settings->service.idle_does == config::idle_action::exit;
  env.log->write(severity::info, "idle.now",
                 {{"after_ms", std::to_string(settings->service.idle_after.count())},
                  {"next", leave ? "draining and ending" : "going dormant"}});
  if (leave) {
    drain();
  } else {
    fall_asleep({settings->service.idle_hold, true}, true);
  }
}

void supervisor_state::read_work(std::function<void(const core::workload&)> then) {
  auto sum = std::make_shared<core::workload>();
  auto parts = std::make_shared<int>(2);
  auto part = [then = std::move(then), sum, parts] {
    if (--*parts == 0) then(*sum);
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

// -- one sleep ----------------------------------------------------------------------------------------

caf::result<dormancy_outcome> supervisor_state::sleep(const dormancy_order& x) {
  auto later = self->make_response_promise<dormancy_outcome>();
  dormancy.askers.push_back(later);
  fall_asleep(x);
  return later;
}

void supervisor_state::fall_asleep(const dormancy_order& x, bool by_itself) {
  if (now != stage::running) return slept({false, "stopping"});
  if (link.phase != link_phase::connected && link.phase != link_phase::dormant)
    return slept({false, "not connected: " + link.reason});
  dormancy.when_idle = x.when_idle;
  dormancy.by_itself = by_itself;
  dormancy.at = dormancy_phase::step::weighing;
  read_work([this, x, number = ++dormancy.number](const core::workload& work) {
    if (number != dormancy.number) return;
    if (x.when_idle && work.busy()) return slept({false, work.text()});
    dormancy.before = work;
    dormancy.at = dormancy_phase::step::ordered;
    tell(self, link_manager_handle, x);
  });
}

void supervisor_state::dormancy_committed(dormancy_outcome x) {
  if (dormancy.at != dormancy_phase::step::ordered) return; // of an order that is void by now
  if (!x.asleep || !dormancy.when_idle) return slept(std::move(x));
  dormancy.at = dormancy_phase::step::checking;
  // The connector buffers since its ack, so what came before it is all here by now.
  read_work([this, number = dormancy.number](const core::workload& work) {
    if (number != dormancy.number) return;
    if (!work.busy() && work.ever_done == dormancy.before.ever_done) return slept({true, {}});
    tell(self, link_manager_handle, command::wake);
    slept({false, "work came meanwhile (" + work.text() + "); connecting again"});
  });
}

void supervisor_state::slept(dormancy_outcome x) {
  ++dormancy.number;
  dormancy.at = dormancy_phase::step::none;
  if (x.asleep) {
    env.log->write(severity::info, "idle.asleep", {{"dialling", link.held ? "held" : "on its own cadence"}});
    // Whoever stops the machine now must find the socket closed.
    if (std::exchange(dormancy.by_itself, false) && link.phase == link_phase::dormant) call_sleep_url();
  } else {
    env.log->write(severity::info, "idle.awake", {{"why", x.why_not}});
  }
  for (auto& asker : std::exchange(dormancy.askers, {})) asker.deliver(x);
}

void supervisor_state::call_sleep_url() {
  if (settings->relay.sleep_url.empty()) return;
  http_request call;
  call.method = "POST";
  call.url = settings->relay.sleep_url;
  call.timeout = settings->limits.http_timeout;
  call_http(env, supervisor_actor{self}, 0, std::move(call)); // the supervisor's only kind of call
}

void supervisor_state::sleep_url_answered(const http_done& x) {
  const auto status = x.what.status;
  if (status >= 200 && status < 300) {
    env.log->write(severity::info, "idle.sleep_url_called", {{"status", std::to_string(status)}});
    return;
  }
  env.log->write(severity::warn, "idle.sleep_url_failed",
                 {{"error", status == 0 ? x.what.error : "HTTP " + std::to_string(status)},
                  {"next", "asleep all the same; not called again for this sleep"}});
}

void supervisor_state::cancel_dormancy(std::string why) {
  if (dormancy.at == dormancy_phase::step::weighing || dormancy.at == dormancy_phase::step::checking)
    slept({false, std::move(why)});
}

/// The phase turned to dormant: whoever has work for a sleeper wakes it.
void supervisor_state::request_dormancy() {
  tell_later<supervisor_actor>(self, dormant_check_interval, atom::look_v, ++dormancy.request_dormancy);
}

void supervisor_state::look_while_asleep(std::uint64_t dormancy_number) {
  if (dormancy_number != dormancy.request_dormancy || link.phase != link_phase::dormant ||
      now != stage::running)
    return;
  request_dormancy();
  read_work([this](const core::workload& work) {
    if (link.phase != link_phase::dormant || !work.readable) return;
    auto before = std::exchange(dormancy.before, work);
    if (!before.readable || work.ever_done == before.ever_done) return;
    env.log->write(severity::info, "idle.work",
                   {{"why", "work came while asleep"}, {"next", "dialling at once"}});
    tell(self, link_manager_handle, command::wake);
  });
}

} // namespace relay
