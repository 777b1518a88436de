// What goes wrong at a time of its own.
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/tests/sim/run/run.hpp"

#include <utility>

namespace relay::sim {

namespace {
constexpr usec second{1'000'000};
}

void run::schedule(fault what, int most, std::function<void()> deed) {
  if (!faults_.armed(what)) return;
  auto& rng = faults_.of(what);
  for (auto n = rng.between(1, most); n > 0; --n)
    time_.at(rng.between(usec{0}, plan_.safety), [this, what, deed] {
      if (faults_.is_calm()) return;
      faults_.mark(what);
      deed();
    });
}

std::shared_ptr<sim_socket> run::any_socket(seeded_rng& rng) {
  auto& all = net_.cables();
  if (all.empty()) return nullptr;
  return std::next(all.begin(), static_cast<std::ptrdiff_t>(rng.below(all.size())))->second;
}

void run::plan_faults() {
  plan_link_faults();
  plan_frame_faults();
  plan_agent_faults();
  plan_process_faults();
  plan_orders();
  plan_login_faults();
  plan_one_shots();
  plan_operator();
  for (usec at{3'000'000}; at < plan_.safety; at += usec{3'000'000})
    time_.at(at, [this] {
      if (!life_ || stopping_ || life_->host().suspended()) return;
      life_->ask_status();
      if (connector_.asleep() && connector_.backlog() > 0 && !settings_->relay.wake_url.empty())
        connector_.poke();
    });
}

void run::plan_link_faults() {
  auto on_socket = [this](fault what, int most, std::function<void(sim_socket&, seeded_rng&)> deed) {
    schedule(what, most, [this, what, deed] {
      if (auto x = any_socket(faults_.of(what))) deed(*x, faults_.of(what));
    });
  };

  on_socket(fault::cut, 6, [](sim_socket& x, seeded_rng&) { x.cut(); });
  on_socket(fault::half_open, 2, [](sim_socket& x, seeded_rng&) { x.darken(true, true); });
  on_socket(fault::deaf_gateway, 2, [](sim_socket& x, seeded_rng&) { x.darken(true, false); });
  on_socket(fault::deaf_connector, 2, [](sim_socket& x, seeded_rng&) { x.darken(false, true); });
  on_socket(fault::stalled, 4, [this](sim_socket& x, seeded_rng& rng) {
    x.stall(time_.now() + rng.between(second, 20 * second));
  });
  on_socket(fault::unwritten, 4, [this](sim_socket& x, seeded_rng& rng) {
    x.hold_writes(time_.now() + rng.between(second / 10, 8 * second));
    if (!rng.chance(0.6)) return;
    time_.after(rng.between(second / 20, 4 * second), [weak = x.weak_from_this()] {
      if (auto y = weak.lock()) y->cut();
    });
  });
  auto close = [this](fault what, std::vector<std::uint16_t> codes, const char* reason) {
    schedule(what, 4, [this, what, codes, reason] {
      connector_.close_link(codes[static_cast<std::size_t>(faults_.of(what).below(codes.size()))], reason);
    });
  };
  close(fault::close_going_away, {1001, 1011}, "going away");
  close(fault::close_restart, {1012, 1013}, "");
  close(fault::close_too_big, {1009}, "too big");
  close(fault::close_unknown, {4429, 4000, 4999, 3000}, "unheard of");
  close(fault::refused_once, {4401}, "");
  close(fault::refused_expired, {4401}, "expired");
  schedule(fault::revoked, 1, [this] { connector_.revoke(); });
  schedule(fault::connector_restart, 3, [this] {
    connector_.restart(faults_.of(fault::connector_restart).between(usec{0}, usec{15'000'000}));
  });
  schedule(fault::buffer_ids_again, 3, [this] {
    connector_.count_anew(faults_.of(fault::buffer_ids_again).between(usec{0}, usec{5'000'000}));
  });
}

void run::plan_frame_faults() {
  schedule(fault::replay_storm, 4, [this] {
    auto& rng = faults_.of(fault::replay_storm);
    for (usec at{0}; at < 3 * second; at += rng.between(usec{1'000}, 2 * second))
      time_.after(at, [this] {
        if (!faults_.is_calm()) connector_.storm();
      });
  });
  schedule(fault::poison_frame, 6, [this] {
    people_.poison();
    garbage();
  });
  schedule(fault::foreign_frame, 6, [this] {
    people_.useless();
    connector_.raw("{\"type\":\"from_the_future\",\"x\":1}\n");
    connector_.stop_turn("agent:main:discord:dm:100", "100");
  });
  schedule(fault::endless_line, 1, [this] {
    constexpr std::uint64_t most = 64ULL << 10;
    if (plan_.settings.limits.max_frame <= most)
      connector_.raw(std::string(static_cast<std::size_t>(plan_.settings.limits.max_frame) + 10, 'x'));
  });
}

void run::plan_agent_faults() {
  if (agents_.empty()) return;
  schedule(fault::agent_crash, 5, [this] { faults_.of(fault::agent_crash).one_of(agents_)->crash(); });
  schedule(fault::agent_hang, 3, [this] {
    auto& rng = faults_.of(fault::agent_hang);
    rng.one_of(agents_)->hang_until(time_.now() + rng.between(second, 25 * second));
  });
  schedule(fault::agent_flood, 2, [this] { faults_.of(fault::agent_flood).one_of(agents_)->flood(); });
}

void run::plan_process_faults() {
  schedule(fault::process_kill, 3, [this] {
    if (!life_) return;
    end_life(ending::killed);
    begin_life_at(time_.now() + faults_.of(fault::process_kill).between(usec{100'000}, usec{8'000'000}));
  });
  schedule(fault::process_suspend, 2, [this] { suspend(false); });
  schedule(fault::machine_suspend, 2, [this] { suspend(true); });
  schedule(fault::wall_jump, 3, [this] {
    if (!life_) return;
    auto& rng = faults_.of(fault::wall_jump);
    constexpr std::array<std::int64_t, 6> jumps{-7'200'000, -301'000, -5'000, 5'000, 301'000, 7'200'000};
    move_wall(rng.one_of(jumps));
    time_.after(rng.between(usec{1'000'000}, usec{30'000'000}), [this] { move_wall(0); });
  });
  if (plan_.durable) {
    schedule(fault::store_full, 2, [this] {
      disk_.refuse_until(time_.now() + faults_.of(fault::store_full).between(second, 30 * second));
    });
    schedule(fault::store_scarce, 2, [this] {
      disk_.scarce_until(time_.now() + faults_.of(fault::store_scarce).between(second, 40 * second));
    });
  }
  schedule(fault::actor_crash, 5, [this] {
    std::string name;
    if (!life_ || life_->host().suspended()) return;
    if (life_->actors().kill_any(faults_.of(fault::actor_crash), name, "supervisor")) actor_dies(name);
  });
  schedule(fault::chat_throws, 5, [this] {
    if (life_ && !life_->host().suspended()) (void)life_->break_chat(faults_.of(fault::chat_throws));
  });
}

/// Soon, or when somebody may have answered what it sent.
void run::crash_router() {
  constexpr usec soon{20'000}, late{8'000'000};
  constexpr int most = 4; // whoever dies more often is started again more and more slowly
  if (router_crashes_++ >= most) return;
  time_.after(faults_.of(fault::router_crash).between(soon, late), [this] {
    if (faults_.is_calm() || !life_ || life_->host().suspended()) return;
    if (life_->kill_actor("egress-router")) actor_dies("egress-router");
  });
}

/// What an operator does with the gateway.
void run::plan_orders() {
  schedule(fault::reload, 4, [this] {
    change_settings();
    auto& rng = faults_.of(fault::reload);
    for (; rng.chance(0.4); change_settings()) { // some operators are in a hurry
      if (!rng.chance(0.5)) continue;
      time_.after(rng.between(usec{0}, second), [this] { change_settings(); });
      break;
    }
  });
  schedule(fault::reconnect, 3, [this] {
    if (life_ && !stopping_) life_->tell(command::reconnect);
  });
  schedule(fault::dormant, 2, [this] { sleep_and_wake(); });
  schedule(fault::restart, 2, [this] { stop_and_start(); });
}

void run::plan_login_faults() {
  if (plan_.credentials != identity_choice::login_store) return;
  schedule(fault::login_renewed, 3, [this] { identity_provider_.renew(); });
  schedule(fault::login_again, 2, [this] {
    auto& rng = faults_.of(fault::login_again);
    if (rng.chance(0.5)) identity_provider_.log_out();
    time_.after(rng.between(usec{10'000}, 20 * second), [this] { identity_provider_.log_in(); });
  });
  schedule(fault::login_busy, 2, [this] {
    identity_provider_.keep_busy(faults_.of(fault::login_busy).between(second / 10, 25 * second));
  });
}

void run::move_wall(std::int64_t ms) {
  if (!life_) return;
  constexpr std::int64_t like_a_sleep = 3'000;
  if (ms - life_->host().wall_shift() >= like_a_sleep) judge_.wall_leapt = time_.now();
  life_->host().shift_wall(ms);
  if (ms != 0) judge_.clock_jumped = true;
  judge_.wall_moved = time_.now();
}

void run::suspend(bool machine) {
  if (!life_ || life_->host().suspended()) return;
  auto what = machine ? fault::machine_suspend : fault::process_suspend;
  auto& rng = faults_.of(what);
  constexpr std::array<int, 5> seconds{1, 5, 30, 90, 400};
  auto span = rng.between(usec{500'000}, usec{1'000'000} * rng.one_of(seconds));
  if (machine) life_->actors().sleep(span);
  judge_.suspended(time_.now() + span);
  life_->host().suspend_until(time_.now() + span);
}

void run::sleep_and_wake() {
  if (!life_ || stopping_) return;
  life_->tell(command::dormant);
  time_.after(faults_.of(fault::dormant).between(usec{1'000'000}, usec{30'000'000}), [this] {
    if (life_ && !stopping_) life_->tell(command::wake);
  });
}

void run::stop_and_start() {
  if (!life_ || stopping_) return;
  stopping_ = true;
  life_->tell(command::drain);
  watch_stop(life_->number(), time_.now());
}

void run::watch_stop(std::uint64_t number, usec since) {
  if (!life_ || life_->number() != number) {
    begin_life_at(time_.now() + usec{300'000});
    return;
  }
  // The time of its suspend does not count.
  auto patience = usec{settings_->service.grace} + 5 * second;
  if (time_.now() > std::max(since, life_->host().thaw()) + patience) {
    judge_.fail("stop", "the ordered stop takes longer than its grace");
    return;
  }
  time_.after(second / 2, [this, number, since] { watch_stop(number, since); });
}

void run::change_settings() {
  if (!life_ || stopping_ || faults_.is_calm()) return;
  auto& rng = faults_.of(fault::reload);
  auto next = *settings_;
  switch (rng.below(9)) {
  case 0:
  case 1:
  case 7:
  case 8:
    if (next.policies.empty()) return;
    {
      auto& p = rng.one_of(next.policies);
      p.require_address = !p.require_address;
      p.mention_given = true;
      if (rng.chance(0.5)) p = {p.platform, false, {}, false};
    }
    break;
  case 2:
    if (!next.relay.pinned()) return;
    next.relay.gateway_secret =
        secret{"rotated-" + std::to_string(++rotations_) + "-" + std::to_string(plan_.seed)};
    if (rng.chance(0.3)) next.relay.gateway_id = "gw-" + std::to_string(rotations_);
    if (!connector_.revoked()) connector_.arrange(next.relay.gateway_id, next.relay.gateway_secret.reveal());
    break;
  case 3: { // a platform less, or all of them again
    auto& all = plan_.settings.relay.identities;
    if (next.relay.identities.size() == all.size() && all.size() > 1) {
      next.relay.identities.pop_back();
    } else {
      next.relay.identities = all;
    }
    break;
  }
  case 4:
    next.service.commands.push_back({"more" + std::to_string(next.service.commands.size()), "One more", {}});
    break;
  case 5: break; // nothing changed
  case 6:        // another name for itself: what was provisioned under the old one is void
    if (next.relay.pinned()) return;
    next.relay.gateway_id = "gw-" + std::to_string(++rotations_);
    connector_.secret_known = false;
    break;
  }
  settings_ = std::make_shared<const config::settings>(std::move(next));
  life_->apply(settings_);
}

void run::garbage() {
  auto& rng = faults_.of(fault::poison_frame);
  switch (rng.below(7)) {
  case 0: connector_.raw("\xFF\xFE no text\n"); break;
  case 1: connector_.raw("[]\n\n{}\n"); break;
  case 2: connector_.raw("{\"type\":\"descriptor\"}\n"); break;
  case 3:
    connector_.raw(
        "{\"type\":\"outbound_result\",\"requestId\":\"r-never\",\"result\":{\"success\":true}}\n");
    break;
  case 4: connector_.raw("{\"type\":\"inbound\",\"event\":null}\n"); break;
  case 5: connector_.raw(std::string(200, '[') + "\n"); break;
  case 6: connector_.raw("{\"type\":7}\n{\"type\":\"going_idle_ack\"}\n"); break;
  }
}

} // namespace relay::sim
