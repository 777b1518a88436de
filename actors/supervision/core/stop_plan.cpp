#include "relay_gateway/actors/supervision/core/stop_plan.hpp"

#include <algorithm>

namespace relay::core {

using std::chrono::nanoseconds;

stop_orders stop_plan::begin(milliseconds grace) {
  stop_orders out;
  if (!running()) return out;
  now_ = stop_stage::draining;
  grace_ = grace;
  out.drain_link = true;
  arm(out, std::max<nanoseconds>(grace - closing_part, nanoseconds{grace} / 2));
  return out;
}

stop_orders stop_plan::link_quiet() {
  stop_orders out;
  if (now_ != stop_stage::draining) return out;
  now_ = stop_stage::finishing;
  out.finish_agent = true; // while it still holds something: that is what it is to finish
  out.await_events = true;
  return out;
}

stop_orders stop_plan::events_taken() const {
  stop_orders out;
  out.await_actions = now_ == stop_stage::finishing;
  return out;
}

stop_orders stop_plan::actions_settled(bool link_stopped) {
  stop_orders out;
  if (now_ == stop_stage::finishing) close(out, link_stopped);
  return out;
}

stop_orders stop_plan::link_stopped() {
  stop_orders out;
  if (now_ == stop_stage::closing) stop(out);
  return out;
}

stop_orders stop_plan::due(std::uint64_t generation, bool link_stopped) {
  stop_orders out;
  if (generation != generation_) return out;
  switch (now_) {
  case stop_stage::draining:
  case stop_stage::finishing:
    out.cut_short = true;
    out.finish_agent = true;
    close(out, link_stopped);
    break;
  case stop_stage::closing: stop(out); break;
  case stop_stage::stopping: out.kill_children = true; break;
  case stop_stage::running: break;
  }
  return out;
}

void stop_plan::close(stop_orders& out, bool link_stopped) {
  if (link_stopped) {
    stop(out);
    return;
  }
  now_ = stop_stage::closing;
  out.close_link = true;
  arm(out, std::min<nanoseconds>(longest_close, nanoseconds{grace_} / 4));
}

void stop_plan::stop(stop_orders& out) {
  now_ = stop_stage::stopping;
  out.stop_children = true;
  arm(out, child_patience);
}

void stop_plan::arm(stop_orders& out, nanoseconds limit) {
  ++generation_;
  out.limit = limit;
}

} // namespace relay::core
