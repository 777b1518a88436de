#include "relay_gateway/actors/supervision/core/dormancy.hpp"

namespace relay::core {

dormancy_orders dormancy::order(const dormancy_order& what, bool by_itself, bool running,
                                const link_status& link) {
  dormancy_orders out;
  if (!running) {
    settle(out, {false, "stopping"}, link.phase);
  } else if (link.phase != link_phase::connected && link.phase != link_phase::dormant) {
    settle(out, {false, "not connected: " + link.reason}, link.phase);
  } else {
    what_ = what;
    by_itself_ = by_itself;
    at_ = step::first_check;
    out.read_work = ++number_;
  }
  return out;
}

dormancy_orders dormancy::work_read(std::uint64_t number, const workload& work, link_phase phase) {
  dormancy_orders out;
  if (number != number_) return out;
  if (at_ == step::first_check) {
    if (what_.when_idle && work.busy()) {
      settle(out, {false, work.text()}, phase);
      return out;
    }
    before_ = work;
    at_ = step::ordered;
    out.order_link = what_;
  } else if (at_ == step::second_check) {
    auto quiet = !work.busy() && work.ever_done == before_.ever_done;
    out.wake_link = !quiet;
    settle(out,
           quiet ? dormancy_outcome{true, {}}
                 : dormancy_outcome{false, "work came meanwhile (" + work.text() + "); connecting again"},
           phase);
  }
  return out;
}

dormancy_orders dormancy::link_answered(dormancy_outcome x, link_phase phase) {
  dormancy_orders out;
  if (at_ != step::ordered) return out; // of an order that is void by now
  if (!x.asleep || !what_.when_idle) {
    settle(out, std::move(x), phase);
    return out;
  }
  at_ = step::second_check;
  out.read_work = ++number_; // the connector buffers since its ack, so what came before it is here by now
  return out;
}

dormancy_orders dormancy::cancel(std::string why, link_phase phase) {
  dormancy_orders out;
  if (at_ == step::first_check || at_ == step::second_check) settle(out, {false, std::move(why)}, phase);
  return out;
}

dormancy_orders dormancy::link_manager_died(link_phase phase) {
  dormancy_orders out;
  if (under_way()) settle(out, {false, "the link manager died"}, phase);
  return out;
}

dormancy_orders dormancy::became_dormant() {
  dormancy_orders out;
  out.look_later = ++looks_;
  return out;
}

dormancy_orders dormancy::look_due(std::uint64_t which, link_phase phase, bool running) {
  dormancy_orders out;
  if (which != looks_ || phase != link_phase::dormant || !running) return out;
  out.look_later = ++looks_;
  out.look_at_work = true;
  return out;
}

dormancy_orders dormancy::work_seen(const workload& work, link_phase phase) {
  dormancy_orders out;
  if (phase != link_phase::dormant || !work.readable) return out;
  auto before = std::exchange(before_, work);
  out.work_came = out.wake_link = before.readable && work.ever_done != before.ever_done;
  return out;
}

void dormancy::settle(dormancy_orders& out, dormancy_outcome x, link_phase phase) {
  ++number_;
  at_ = step::none;
  // Whoever stops the machine now must find the socket closed.
  if (x.asleep) out.call_sleep_url = std::exchange(by_itself_, false) && phase == link_phase::dormant;
  out.settled = std::move(x);
}

} // namespace relay::core
