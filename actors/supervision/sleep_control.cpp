#include "relay_gateway/actors/supervision/sleep_control.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace relay {

using namespace std::chrono_literals;

// -- the idle policy ----------------------------------------------------------------------------------

bool sleep_control::idle_policy_on() const {
  return idle_.pace().count() > 0 && !s_.view.settings->relay.wake_url.empty();
}

void sleep_control::watch_idle() {
  idle_ = core::idle_detector{s_.view.settings->service.idle_after, now_of(s_.self)};
  if (idle_.pace().count() == 0) return;
  if (!idle_policy_on()) {
    s_.env.log->write(severity::warn, "idle.no_wake_url",
                      {{"why", "gateway.idle is set without gateway.relay_wake_url"},
                       {"next", "staying awake: nobody could wake this gateway"}});
    return;
  }
  if (std::exchange(looking_, true)) return;
  tell_later<supervisor_actor>(s_.self, idle_.pace(), atom::idle_v);
}

void sleep_control::look_for_work() {
  looking_ = false;
  if (!s_.stop.plan.running() || !idle_policy_on()) return;
  looking_ = true;
  tell_later<supervisor_actor>(s_.self, idle_.pace(), atom::idle_v);
  // Only a serving link can be put to sleep in order. Without one this is an outage, not idleness.
  if (s_.view.link.phase != link_phase::connected) {
    looked({false, 0, 0});
    return;
  }
  read_work([this](const core::workload& x) { looked(x); });
}

void sleep_control::looked(const core::workload& x) {
  if (!idle_.look(x, now_of(s_.self)) || !s_.stop.plan.running()) return;
  auto& service = s_.view.settings->service;
  auto leave = service.idle_does == config::idle_action::exit;
  s_.env.log->write(
      severity::info, "idle.now",
      {{"after_ms", service.idle_after.count()}, {"next", leave ? "draining and ending" : "going dormant"}});
  if (leave)
    s_.stop.drain();
  else
    sleep_now({service.idle_hold, true}, true);
}

void sleep_control::read_work(std::function<void(const core::workload&)> then) {
  auto sum = std::make_shared<core::workload>();
  auto parts = std::make_shared<int>(2);
  auto part = [then = std::move(then), sum, parts] {
    if (--*parts == 0) then(*sum);
  };
  auto unreadable = [sum, part](const caf::error&) {
    sum->readable = false; // unreadable = busy (F69)
    part();
  };
  s_.self->request(s_.actors.inbound, caf::duration{1s}, atom::status_v)
      .then(
          [sum, part](const inbound_report& x) {
            sum->in_hand += x.pending + x.prompts;
            sum->ever_done += x.ever;
            part();
          },
          unreadable);
  s_.self->request(s_.actors.egress, caf::duration{1s}, atom::status_v)
      .then(
          [sum, part](const egress_report& x) {
            sum->in_hand += x.pending + x.turns;
            sum->ever_done += x.ever;
            part();
          },
          unreadable);
}

// -- one sleep ----------------------------------------------------------------------------------------

caf::result<dormancy_outcome> sleep_control::order(const dormancy_order& x) {
  auto later = s_.self->make_response_promise<dormancy_outcome>();
  askers_.push_back(later);
  sleep_now(x);
  return later;
}

void sleep_control::sleep_now(const dormancy_order& x, bool by_itself) {
  execute(dormancy_.order(x, by_itself, s_.stop.plan.running(), s_.view.link));
}

void sleep_control::link_answered(dormancy_outcome x) {
  execute(dormancy_.link_answered(std::move(x), s_.view.link.phase));
}

void sleep_control::cancel(std::string why) { execute(dormancy_.cancel(std::move(why), s_.view.link.phase)); }

void sleep_control::link_manager_died() { execute(dormancy_.link_manager_died(s_.view.link.phase)); }

void sleep_control::became_dormant() { execute(dormancy_.became_dormant()); }

void sleep_control::look_while_asleep(std::uint64_t which) {
  execute(dormancy_.look_due(which, s_.view.link.phase, s_.stop.plan.running()));
}

void sleep_control::execute(core::dormancy_orders x) {
  if (x.read_work)
    read_work([this, number = *x.read_work](const core::workload& work) {
      execute(dormancy_.work_read(number, work, s_.view.link.phase));
    });
  if (x.look_later)
    tell_later<supervisor_actor>(s_.self, core::dormancy::look_interval, atom::look_v, *x.look_later);
  if (x.look_at_work)
    read_work([this](const core::workload& work) { execute(dormancy_.work_seen(work, s_.view.link.phase)); });
  if (x.order_link) tell(s_.self, s_.actors.link_manager, *x.order_link);
  if (x.work_came)
    s_.env.log->write(severity::info, "idle.work",
                      {{"why", "work came while asleep"}, {"next", "dialling at once"}});
  if (x.wake_link) tell(s_.self, s_.actors.link_manager, command::wake);
  if (x.settled) settled(*x.settled);
  if (x.call_sleep_url) call_sleep_url();
}

void sleep_control::settled(const dormancy_outcome& x) {
  if (x.asleep)
    s_.env.log->write(severity::info, "idle.asleep",
                      {{"dialling", s_.view.link.held ? "held" : "on its own cadence"}});
  else
    s_.env.log->write(severity::info, "idle.awake", {{"why", x.why_not}});
  for (auto& asker : std::exchange(askers_, {})) asker.deliver(x);
}

void sleep_control::call_sleep_url() {
  auto& settings = *s_.view.settings;
  if (settings.relay.sleep_url.empty()) return;
  http_request call;
  call.method = "POST";
  call.url = settings.relay.sleep_url;
  call.timeout = settings.limits.http_timeout;
  call_http(s_.env, supervisor_actor{s_.self}, 0, std::move(call)); // the supervisor's only kind of call
}

void sleep_control::sleep_url_answered(const http_done& x) {
  const auto status = x.what.status;
  if (status >= 200 && status < 300) {
    s_.env.log->write(severity::info, "idle.sleep_url_called", {{"status", status}});
    return;
  }
  s_.env.log->write(severity::warn, "idle.sleep_url_failed",
                    {{"error", status == 0 ? x.what.error : "HTTP " + std::to_string(status)},
                     {"next", "asleep all the same; not called again for this sleep"}});
}

} // namespace relay
