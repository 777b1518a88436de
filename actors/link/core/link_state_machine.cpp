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
  if (in<stopped>() || draining()) return out;
  // New credentials are a new chance: whatever was held against the old ones is void.
  doubts_ = {};
  not_before_.reset(); // another connector, or another account, said nothing yet
  switch (state()) {
  case link_state::idle:
  case link_state::disabled: dial_now(out, dial_cause::start, now); break;
  case link_state::waiting: dial_now(out, dial_cause::reconnect, now); break;
  case link_state::dialling:
    close_now(out, link_order::hang_up, {then::redial}, "the target changed", now);
    break;
  case link_state::serving:
  case link_state::quiescing:
    close_now(out, link_order::close, {then::redial}, "the target changed", now);
    break;
  case link_state::closing: // the redial that follows takes the new target; sleep stays sleep
    if (in<closing>()->next == then::rest) in<closing>()->next = then::redial;
    break;
  case link_state::dormant: // the next dial takes it
  case link_state::quiet:
  case link_state::stopped: break;
  }
  return out;
}

link_orders link_state_machine::target_gone(instant now) {
  link_orders out;
  if (in<stopped>() || draining()) return out;
  asleep_ = false;
  doubts_ = {};
  not_before_.reset();
  switch (state()) {
  case link_state::dialling:
    close_now(out, link_order::hang_up, {then::rest}, "the relay was turned off", now);
    break;
  case link_state::serving:
  case link_state::quiescing:
  case link_state::quiet:
    close_now(out, link_order::close, {then::rest}, "the relay was turned off", now);
    break;
  case link_state::closing: // its deadline stays
    in<closing>()->next = then::rest;
    reason_ = "the relay was turned off";
    break;
  default:
    enter(idle{});
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
  if (!in<dialling>() || in<dialling>()->hung_up) return out; // a further platform's, or a late one
  ever_served_ = true;
  asleep_ = false;
  dormant_backoff_.reset();
  reason_.clear();
  enter(serving{now});
  out.push_back({link_order::up, {}, {}});
  return out;
}

link_orders link_state_machine::idle_acked(std::uint64_t epoch, instant now) {
  link_orders out;
  if (!current(epoch)) return out;
  if (in<serving>() && in<serving>()->unanswered) {
    // The connector has been buffering since it sent this; only a new handshake ends that.
    close_now(out, link_order::close, {then::redial}, "going_idle was acknowledged too late", now);
    return out;
  }
  const auto* waited = in<quiescing>();
  if (!waited) return out;
  if (waited->for_dormancy) {
    close_now(out, link_order::close, {waited->woken ? then::redial : then::sleep, waited->hold},
              "going to sleep", now);
    return out;
  }
  enter(quiet{waited->since});
  tell_drained(out);
  return out;
}

link_orders link_state_machine::ended(std::uint64_t epoch, const ending& why, instant now,
                                      std::uint64_t random) {
  link_orders out;
  if (!current(epoch) || !has_socket()) return out;
  if (why.retry_after.count() > 0) not_before_ = now + why.retry_after;
  if (const auto* was = in<closing>()) {
    closed(out, closing{*was}, now, random);
    return out;
  }
  auto served = is_up();
  if (served) tell_down(out, now);
  reason_ = why.error.empty() ? "the connection ended" : why.error;
  if (draining()) { // no dial is made to go away again
    tell_drained(out);
    enter(stopped{});
    return out;
  }
  if (why.refused()) {
    after_refusal(out, why, now, random);
    return out;
  }
  // Any other end does not use up the one fresh-token retry: the suspicion stays.
  auto restarting = why.close_code == 1012 || why.close_code == 1013;
  auto first = pause_.tries() == 0;
  if (!asleep_ && restarting && (served || first)) {
    // It takes the place of the first delay; a connector that restarts in a loop still meets longer ones
    // (F11).
    auto jitter = draw(milliseconds{0}, rules_.restart_jitter, random);
    auto least = pause_.next(random);
    enter(waiting{}, not_sooner(now + (first ? jitter : std::max(jitter, least))));
    return out;
  }
  pause(now, random);
  return out;
}

/// A socket that was ended on purpose has ended.
void link_state_machine::closed(link_orders& out, const closing& was, instant now, std::uint64_t random) {
  switch (was.next) {
  case then::stop:
    enter(stopped{});
    reason_ = "stopped";
    break;
  case then::rest:
    enter(idle{});
    reason_ = "the relay is off";
    break;
  case then::redial: dial_now(out, dial_cause::reconnect, now); break;
  case then::sleep: sleep(now, random, was.hold); break;
  }
}

void link_state_machine::after_refusal(link_orders& out, const ending& why, instant now,
                                       std::uint64_t random) {
  auto expired = why.close_reason == "expired";
  // Cold start: provisioning may not have settled yet (F10). Nor is a credential revoked that was not shown.
  if (!ever_served_ || why.no_token) {
    pause(now, random);
    return;
  }
  // A fresh token was refused too (F9). One that grew old in a frozen process was not fresh (F8).
  if (doubts_.revocation_suspected && !expired && !why.aged) {
    reason_ = "the connector revoked the credentials (4401 to a fresh token)";
    asleep_ = false;
    enter(disabled{});
    return;
  }
  // The first refusal may only mean that the token had grown old (F8): one dial at once with a fresh one.
  if (!expired) doubts_.revocation_suspected = true;
  if (doubts_.fresh_token_used) { // a fresh token "expired" on arrival: the clocks differ; do not spin
    pause(now, random);
    return;
  }
  doubts_.fresh_token_used = true;
  dial_now(out, dial_cause::fresh_token, now);
}

link_orders link_state_machine::timer(instant now, std::uint64_t random) {
  link_orders out;
  if (!due_ || now < *due_) return out;
  due_.reset();
  switch (state()) {
  case link_state::waiting: dial_now(out, dial_cause::backoff, now); break;
  case link_state::dormant: dial_now(out, held() ? dial_cause::hold_over : dial_cause::dormant, now); break;
  case link_state::dialling:
    out.push_back({link_order::hang_up, {}, "no descriptor within the handshake time-out"});
    if (!in<dialling>()->hung_up) { // its ending decides what comes next
      in<dialling>()->hung_up = true;
      due_ = now + rules_.close_limit * 2;
      break;
    }
    // The socket never reported its end; a new epoch will make it stale.
    reason_ = "no descriptor within the handshake time-out";
    pause(now, random);
    break;
  case link_state::quiescing:
    if (in<quiescing>()->for_dormancy) { // without the ack stay connected
      enter(serving{in<quiescing>()->since, true});
      break;
    }
    enter(quiet{in<quiescing>()->since});
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
  if (draining() || in<stopped>()) return out;
  drain_ = drain_progress::begun;
  switch (state()) {
  case link_state::serving:
    out.push_back({link_order::announce, {}, {}});
    enter(quiescing{in<serving>()->since}, now + rules_.idle_ack_timeout);
    reason_ = "draining";
    return out;
  case link_state::quiescing: // the ack that is awaited serves for this, too
    in<quiescing>()->for_dormancy = false;
    reason_ = "draining";
    return out;
  case link_state::closing:
    in<closing>()->next = then::stop;
    tell_drained(out);
    return out;
  case link_state::dialling: out.push_back({link_order::hang_up, {}, "stopping"}); break;
  default: break;
  }
  enter(stopped{});
  reason_ = "stopped";
  tell_drained(out);
  return out;
}

link_orders link_state_machine::go_dormant(instant now, milliseconds hold_for) {
  link_orders out;
  if (draining()) return out;
  switch (state()) {
  case link_state::serving:
    out.push_back({link_order::announce, {}, {}});
    enter(quiescing{in<serving>()->since, true, hold_for}, now + rules_.idle_ack_timeout);
    break;
  case link_state::quiescing:
  case link_state::closing:
    if (falling_asleep()) {
      auto& asked = in<closing>() ? in<closing>()->hold : in<quiescing>()->hold;
      asked = std::max(asked, hold_for);
    }
    break;
  case link_state::dormant: // the connector buffers since the last ack
    if (hold_for.count() > 0) hold(now, hold_for);
    break;
  default: break; // only a live link can be put to sleep in order
  }
  return out;
}

link_orders link_state_machine::wake(instant now) {
  link_orders out;
  if (draining()) return out;
  switch (state()) {
  case link_state::waiting:
  case link_state::dormant: dial_now(out, dial_cause::wake, now); break;
  case link_state::quiescing:
    in<quiescing>()->woken = true;
    break; // an ack that comes still ends this connection
  case link_state::closing:
    if (in<closing>()->next == then::sleep) in<closing>()->next = then::redial;
    break;
  default: break;
  }
  return out;
}

link_orders link_state_machine::reconnect(instant now) {
  link_orders out;
  if (draining()) return out;
  switch (state()) {
  case link_state::waiting:
  case link_state::dormant: dial_now(out, dial_cause::reconnect, now); break;
  case link_state::serving:
  case link_state::quiescing:
    close_now(out, link_order::close, {then::redial}, "reconnecting on request", now);
    break;
  case link_state::closing:
    if (in<closing>()->next == then::sleep) in<closing>()->next = then::redial;
    break;
  default: break; // a dial is under way, or there is nothing to dial; revoked stays revoked
  }
  return out;
}

link_orders link_state_machine::resumed(const time_gap& gap, instant now) {
  link_orders out;
  if (draining()) return out;
  auto suspended = gap.suspended.count() > 0;
  if (not_before_) *not_before_ -= gap.suspended;  // that time has passed, too
  auto too_long = gap.suspended >= rules_.silence; // the peer heard nothing for as long
  switch (state()) {
  case link_state::waiting:
    if (suspended) dial_now(out, dial_cause::resumed, now);
    break;
  case link_state::dormant: // somebody woke the machine: what for comes with the next handshake
    if (suspended || (held() && gap.late.count() > 0)) dial_now(out, dial_cause::resumed, now);
    break;
  case link_state::closing:
    if (suspended && in<closing>()->next == then::sleep) in<closing>()->next = then::redial;
    break;
  case link_state::dialling: // its token may have grown old on the way
    if (too_long && !in<dialling>()->hung_up)
      close_now(out, link_order::hang_up, {then::redial}, "the process was suspended", now);
    break;
  case link_state::serving:
  case link_state::quiescing:
    if (too_long) close_now(out, link_order::close, {then::redial}, "the process was suspended", now);
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
  drain_ = drain_progress::told;
  switch (state()) {
  case link_state::serving:
  case link_state::quiescing:
  case link_state::quiet: close_now(out, link_order::close, {then::stop}, "stopping", now); return out;
  case link_state::closing: in<closing>()->next = then::stop; return out;
  case link_state::dialling: out.push_back({link_order::hang_up, {}, "stopping"}); break;
  default: break;
  }
  enter(stopped{});
  reason_ = "stopped";
  return out;
}

// -- parts ----------------------------------------------------------------------------------------

bool link_state_machine::current(std::uint64_t epoch) {
  if (epoch == epoch_) return true;
  ++stale_;
  return false;
}

bool link_state_machine::has_socket() const { return in<dialling>() || is_up() || in<closing>(); }

const instant* link_state_machine::served_since() const {
  if (const auto* now = in<serving>()) return &now->since;
  if (const auto* now = in<quiescing>()) return &now->since;
  if (const auto* now = in<quiet>()) return &now->since;
  return nullptr;
}

void link_state_machine::dial_now(link_orders& out, dial_cause cause, instant now) {
  if (not_before_ && now < *not_before_) { // whoever wants it sooner is refused again
    if (asleep_)
      enter(dormant{}, not_before_);
    else
      enter(waiting{}, not_before_);
    return;
  }
  not_before_.reset();
  ++epoch_; // whatever an older socket still says is stale from here on
  enter(dialling{}, now + rules_.handshake_timeout);
  out.push_back({link_order::dial, cause, {}});
}

/// Ends the socket on purpose; `next` comes once it has ended.
void link_state_machine::close_now(link_orders& out, link_order::kind_t how, closing next, std::string why,
                                   instant now) {
  if (is_up()) tell_down(out, now);
  reason_ = why;
  out.push_back({how, {}, how == link_order::hang_up ? std::move(why) : std::string{}});
  enter(next, now + rules_.close_limit * 2);
}

void link_state_machine::tell_drained(link_orders& out) {
  if (drain_ == drain_progress::told) return;
  drain_ = drain_progress::told;
  out.push_back({link_order::drained, {}, {}});
}

/// However service ends: health that lasted counts from here on, and only that (F11).
void link_state_machine::tell_down(link_orders& out, instant now) {
  out.push_back({link_order::down, {}, {}});
  if (now - *served_since() < rules_.stable_after) return;
  pause_.reset();
  doubts_ = {};
}

/// No socket for now: until the next redial, or the next one out of dormancy.
void link_state_machine::pause(instant now, std::uint64_t random) {
  if (asleep_) return sleep(now, random, milliseconds{0});
  enter(waiting{}, not_sooner(now + pause_.next(random)));
}

void link_state_machine::sleep(instant now, std::uint64_t random, milliseconds hold_for) {
  asleep_ = true;
  if (hold_for.count() > 0) return hold(now, hold_for);
  enter(dormant{}, not_sooner(now + dormant_backoff_.next(random)));
  reason_ = "dormant";
}

void link_state_machine::hold(instant now, milliseconds length) {
  enter(dormant{true}, not_sooner(now + length));
  reason_ = "dormant; dialling is held";
}

} // namespace relay::core
