#include "relay_gateway/actors/link/core/link_state_machine.hpp"

#include <algorithm>
#include <utility>

namespace relay::core {

const char* to_string(link_state x) {
  switch (x) {
  case link_state::idle: return "idle";
  case link_state::waiting: return "waiting";
  case link_state::dialling: return "dialling";
  case link_state::serving: return "serving";
  case link_state::quiescing: return "quiescing";
  case link_state::quiet: return "quiet";
  case link_state::closing: return "closing";
  case link_state::dormant: return "dormant";
  case link_state::disabled: return "disabled";
  case link_state::stopped: return "stopped";
  }
  return "unknown";
}

const char* to_string(dial_cause x) {
  switch (x) {
  case dial_cause::start: return "start";
  case dial_cause::backoff: return "backoff";
  case dial_cause::fresh_token: return "fresh_token";
  case dial_cause::wake: return "wake";
  case dial_cause::reconnect: return "reconnect";
  case dial_cause::dormant: return "dormant";
  case dial_cause::hold_over: return "hold_over";
  case dial_cause::resumed: return "resumed";
  }
  return "unknown";
}

// -- events ---------------------------------------------------------------------------------------

link_orders link_state_machine::target_changed(instant now) {
  link_orders out;
  if (state_ == link_state::stopped || draining_) return out;
  // New credentials are a new chance: whatever was held against the old ones is void.
  revocation_suspected_ = fresh_token_used_ = false;
  not_before_.reset(); // another connector, or another account, said nothing yet
  switch (state_) {
  case link_state::idle:
  case link_state::disabled: dial_now(out, dial_cause::start, now); break;
  case link_state::waiting: dial_now(out, dial_cause::reconnect, now); break;
  case link_state::dialling:
    close_now(out, link_order::hang_up, then::redial, "the target changed", now);
    break;
  case link_state::serving:
  case link_state::quiescing:
    close_now(out, link_order::close, then::redial, "the target changed", now);
    break;
  case link_state::closing: // the redial that follows takes the new target; sleep stays sleep
    if (after_close_ == then::rest) after_close_ = then::redial;
    break;
  case link_state::dormant: // the next dial takes it
  case link_state::quiet:
  case link_state::stopped: break;
  }
  return out;
}

link_orders link_state_machine::target_gone(instant now) {
  link_orders out;
  if (state_ == link_state::stopped || draining_) return out;
  asleep_ = revocation_suspected_ = fresh_token_used_ = false;
  not_before_.reset();
  switch (state_) {
  case link_state::dialling:
    close_now(out, link_order::hang_up, then::rest, "the relay was turned off", now);
    break;
  case link_state::serving:
  case link_state::quiescing:
  case link_state::quiet:
    close_now(out, link_order::close, then::rest, "the relay was turned off", now);
    break;
  case link_state::closing: // its deadline stays
    after_close_ = then::rest;
    reason_ = "the relay was turned off";
    break;
  default:
    enter(link_state::idle);
    reason_ = "the relay is off";
    break;
  }
  return out;
}

link_orders link_state_machine::opened(std::uint64_t epoch, instant) {
  current(epoch); // only the handshake counts; the dial's own deadline keeps running
  return {};
}

link_orders link_state_machine::described(std::uint64_t epoch, instant now) {
  link_orders out;
  if (!current(epoch)) return out;
  if (state_ != link_state::dialling || hung_up_) return out; // a further platform's, or a late one
  ever_served_ = true;
  asleep_ = false;
  served_since_ = now;
  dormant_backoff_.reset();
  reason_.clear();
  enter(link_state::serving);
  out.push_back({link_order::up, {}, {}});
  return out;
}

link_orders link_state_machine::idle_acked(std::uint64_t epoch, instant now) {
  link_orders out;
  if (!current(epoch)) return out;
  if (state_ == link_state::serving && unanswered_) {
    // The connector has been buffering since it sent this; only a new handshake ends that.
    close_now(out, link_order::close, then::redial, "going_idle was acknowledged too late", now);
    return out;
  }
  if (state_ != link_state::quiescing) return out;
  if (for_dormancy_) {
    close_now(out, link_order::close, woken_ ? then::redial : then::sleep, "going to sleep", now);
    return out;
  }
  enter(link_state::quiet);
  tell_drained(out);
  return out;
}

link_orders link_state_machine::ended(std::uint64_t epoch, const ending& why, instant now,
                                      std::uint64_t random) {
  link_orders out;
  if (!current(epoch) || !has_socket()) return out;
  if (why.retry_after.count() > 0) not_before_ = now + why.retry_after;
  if (state_ == link_state::closing) {
    switch (after_close_) {
    case then::stop:
      enter(link_state::stopped);
      reason_ = "stopped";
      break;
    case then::rest:
      enter(link_state::idle);
      reason_ = "the relay is off";
      break;
    case then::redial: dial_now(out, dial_cause::reconnect, now); break;
    case then::sleep: sleep(now, random); break;
    }
    return out;
  }
  auto served = is_up();
  if (served) tell_down(out, now);
  reason_ = why.error.empty() ? "the connection ended" : why.error;
  if (draining_) { // no dial is made to go away again
    tell_drained(out);
    enter(link_state::stopped);
    return out;
  }
  if (why.refused()) {
    after_refusal(out, why, now, random);
    return out;
  }
  // Any other end does not use up the one fresh-token retry: revocation_suspected_ stays.
  auto restarting = why.close_code == 1012 || why.close_code == 1013;
  auto first = pause_.tries() == 0;
  if (!asleep_ && restarting && (served || first)) {
    // It takes the place of the first delay; a connector that restarts in a loop still meets longer ones
    // (F11).
    auto sticky_balancer = draw(milliseconds{0}, rules_.restart_spread, random);
    auto least = pause_.next(random);
    enter(link_state::waiting,
          not_sooner(now + (first ? sticky_balancer : std::max(sticky_balancer, least))));
    return out;
  }
  pause(now, random);
  return out;
}

void link_state_machine::after_refusal(link_orders& out, const ending& why, instant now,
                                       std::uint64_t random) {
  auto expired = why.close_reason == "expired";
  if (!ever_served_) { // cold start: provisioning may not have settled yet (F10)
    pause(now, random);
    return;
  }
  // A fresh token was refused too (F9). One that grew old in a frozen process was not fresh (F8).
  if (revocation_suspected_ && !expired && !why.aged) {
    reason_ = "the connector revoked the credentials (4401 to a fresh token)";
    asleep_ = false;
    enter(link_state::disabled);
    return;
  }
  // The first refusal may only mean that the token had grown old (F8): one dial at once with a fresh one.
  if (!expired) revocation_suspected_ = true;
  if (fresh_token_used_) { // a fresh token "expired" on arrival: the clocks differ; do not spin
    pause(now, random);
    return;
  }
  fresh_token_used_ = true;
  dial_now(out, dial_cause::fresh_token, now);
}

link_orders link_state_machine::timer(instant now, std::uint64_t random) {
  link_orders out;
  if (!due_ || now < *due_) return out;
  due_.reset();
  switch (state_) {
  case link_state::waiting: dial_now(out, dial_cause::backoff, now); break;
  case link_state::dormant: dial_now(out, held_ ? dial_cause::hold_over : dial_cause::dormant, now); break;
  case link_state::dialling:
    out.push_back({link_order::hang_up, {}, "no descriptor within the handshake time-out"});
    if (!hung_up_) { // its ending decides what comes next
      hung_up_ = true;
      due_ = now + rules_.close_limit * 2;
      break;
    }
    // The socket never reported its end; a new epoch will make it stale.
    reason_ = "no descriptor within the handshake time-out";
    pause(now, random);
    break;
  case link_state::quiescing:
    if (for_dormancy_) { // without the ack stay connected
      unanswered_ = true;
      enter(link_state::serving);
      break;
    }
    enter(link_state::quiet);
    tell_drained(out);
    break;
  case link_state::closing: {
    out.push_back({link_order::hang_up, {}, "the close handshake took too long"});
    // Its end is not waited for any longer; a new epoch makes it stale.
    auto more = ended(epoch_, {}, now, random);
    out.insert(out.end(), more.begin(), more.end());
    break;
  }
  case link_state::idle:
  case link_state::serving:
  case link_state::quiet:
  case link_state::disabled:
  case link_state::stopped: break;
  }
  return out;
}

link_orders link_state_machine::drain(instant now) {
  link_orders out;
  if (draining_ || state_ == link_state::stopped) return out;
  draining_ = true;
  switch (state_) {
  case link_state::serving:
    for_dormancy_ = false;
    out.push_back({link_order::announce, {}, {}});
    enter(link_state::quiescing, now + rules_.idle_ack_timeout);
    reason_ = "draining";
    return out;
  case link_state::quiescing: // the ack that is awaited serves for this, too
    for_dormancy_ = false;
    reason_ = "draining";
    return out;
  case link_state::closing:
    after_close_ = then::stop;
    tell_drained(out);
    return out;
  case link_state::dialling: out.push_back({link_order::hang_up, {}, "stopping"}); break;
  default: break;
  }
  enter(link_state::stopped);
  reason_ = "stopped";
  tell_drained(out);
  return out;
}

link_orders link_state_machine::go_dormant(instant now, milliseconds hold_for) {
  link_orders out;
  if (draining_) return out;
  switch (state_) {
  case link_state::serving:
    for_dormancy_ = true;
    woken_ = false;
    hold_ = hold_for;
    out.push_back({link_order::announce, {}, {}});
    enter(link_state::quiescing, now + rules_.idle_ack_timeout);
    break;
  case link_state::quiescing:
  case link_state::closing:
    if (falling_asleep()) hold_ = std::max(hold_, hold_for);
    break;
  case link_state::dormant: // the connector buffers since the last ack
    hold_ = hold_for;
    if (hold_.count() > 0) hold(now);
    break;
  default: break; // only a live link can be put to sleep in order
  }
  return out;
}

link_orders link_state_machine::wake(instant now) {
  link_orders out;
  if (draining_) return out;
  switch (state_) {
  case link_state::waiting:
  case link_state::dormant: dial_now(out, dial_cause::wake, now); break;
  case link_state::quiescing: woken_ = true; break; // an ack that comes still ends this connection
  case link_state::closing:
    if (after_close_ == then::sleep) after_close_ = then::redial;
    break;
  default: break;
  }
  return out;
}

link_orders link_state_machine::reconnect(instant now) {
  link_orders out;
  if (draining_) return out;
  switch (state_) {
  case link_state::waiting:
  case link_state::dormant: dial_now(out, dial_cause::reconnect, now); break;
  case link_state::serving:
  case link_state::quiescing:
    close_now(out, link_order::close, then::redial, "reconnecting on request", now);
    break;
  case link_state::closing:
    if (after_close_ == then::sleep) after_close_ = then::redial;
    break;
  default: break; // a dial is under way, or there is nothing to dial; revoked stays revoked
  }
  return out;
}

link_orders link_state_machine::resumed(const time_gap& gap, instant now) {
  link_orders out;
  if (draining_) return out;
  auto slept = gap.slept.count() > 0;
  if (not_before_) *not_before_ -= gap.slept;  // that time has passed, too
  auto too_long = gap.slept >= rules_.silence; // the peer heard nothing for as long
  switch (state_) {
  case link_state::waiting:
    if (slept) dial_now(out, dial_cause::resumed, now);
    break;
  case link_state::dormant: // somebody woke the machine: what for comes with the next handshake
    if (slept || (held_ && gap.late.count() > 0)) dial_now(out, dial_cause::resumed, now);
    break;
  case link_state::closing:
    if (slept && after_close_ == then::sleep) after_close_ = then::redial;
    break;
  case link_state::dialling: // its token may have grown old on the way
    if (too_long && !hung_up_)
      close_now(out, link_order::hang_up, then::redial, "the process was suspended", now);
    break;
  case link_state::serving:
  case link_state::quiescing:
    if (too_long) close_now(out, link_order::close, then::redial, "the process was suspended", now);
    break;
  case link_state::idle:
  case link_state::quiet:
  case link_state::disabled:
  case link_state::stopped: break;
  }
  return out;
}

link_orders link_state_machine::finish(instant now) {
  link_orders out;
  draining_ = drained_told_ = true;
  switch (state_) {
  case link_state::serving:
  case link_state::quiescing:
  case link_state::quiet: close_now(out, link_order::close, then::stop, "stopping", now); return out;
  case link_state::closing: after_close_ = then::stop; return out;
  case link_state::dialling: out.push_back({link_order::hang_up, {}, "stopping"}); break;
  default: break;
  }
  enter(link_state::stopped);
  reason_ = "stopped";
  return out;
}

// -- parts ----------------------------------------------------------------------------------------

bool link_state_machine::current(std::uint64_t epoch) {
  if (epoch == epoch_) return true;
  ++stale_;
  return false;
}

bool link_state_machine::has_socket() const {
  return state_ == link_state::dialling || is_up() || state_ == link_state::closing;
}

void link_state_machine::enter(link_state next, deadline due) {
  state_ = next;
  due_ = due;
  held_ = false;
}

void link_state_machine::dial_now(link_orders& out, dial_cause cause, instant now) {
  if (not_before_ && now < *not_before_) { // whoever wants it sooner is refused again
    enter(asleep_ ? link_state::dormant : link_state::waiting, not_before_);
    return;
  }
  not_before_.reset();
  ++epoch_; // whatever an older socket still says is stale from here on
  hung_up_ = unanswered_ = false;
  hold_ = milliseconds{0};
  enter(link_state::dialling, now + rules_.handshake_timeout);
  out.push_back({link_order::dial, cause, {}});
}

/// Ends the socket on purpose; `next` comes once it has ended.
void link_state_machine::close_now(link_orders& out, link_order::kind_t how, then next, std::string why,
                                   instant now) {
  if (is_up()) tell_down(out, now);
  after_close_ = next;
  reason_ = why;
  out.push_back({how, {}, how == link_order::hang_up ? std::move(why) : std::string{}});
  enter(link_state::closing, now + rules_.close_limit * 2);
}

void link_state_machine::tell_drained(link_orders& out) {
  if (drained_told_) return;
  drained_told_ = true;
  out.push_back({link_order::drained, {}, {}});
}

/// However service ends: health that lasted counts from here on, and only that (F11).
void link_state_machine::tell_down(link_orders& out, instant now) {
  out.push_back({link_order::down, {}, {}});
  if (now - served_since_ < rules_.stable_after) return;
  pause_.reset();
  revocation_suspected_ = fresh_token_used_ = false;
}

/// No socket for now: until the next redial, or the next one out of dormancy.
void link_state_machine::pause(instant now, std::uint64_t random) {
  if (asleep_) return sleep(now, random);
  enter(link_state::waiting, not_sooner(now + pause_.next(random)));
}

void link_state_machine::sleep(instant now, std::uint64_t random) {
  asleep_ = true;
  if (hold_.count() > 0) {
    hold(now);
    return;
  }
  enter(link_state::dormant, not_sooner(now + dormant_backoff_.next(random)));
  reason_ = "dormant";
}

void link_state_machine::hold(instant now) {
  enter(link_state::dormant, not_sooner(now + hold_));
  held_ = true;
  hold_ = milliseconds{0};
  reason_ = "dormant; dialling is held";
}

} // namespace relay::core
