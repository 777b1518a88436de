#include "relay_gateway/tests/sim/run/run.hpp"

#include "relay_gateway/messages/control.hpp"

#include <algorithm>
#include <utility>

namespace relay::sim {

fault_mask beside_a_script() {
  fault_mask out;
  for (auto x : {fault::call_back_at_once, fault::slow_network, fault::split_anywhere, fault::slow_actors,
                 fault::agent_crash, fault::agent_hang, fault::agent_slow, fault::agent_forgets_ack,
                 fault::agent_flood, fault::agent_repeats, fault::agent_nonsense})
    out.set(static_cast<std::size_t>(x));
  return out;
}

run::run(std::uint64_t seed, const run_options& options)
    : faults_(seed, options.faults, options.all_faults, options.variation), variation_(options.variation),
      log_(options.trace), plan_(seed), stage_{time_, faults_, log_, varied_seed(seed, options.variation)},
      judge_(stage_, plan_), connector_(stage_, plan_, judge_), people_(stage_, plan_, connector_),
      net_(connector_, judge_),
      disk_(stage_, usec{300}, judge_, [this](const store_record& x) { on_disk(x); }),
      shared_(stage_, plan_.files, judge_),
      identity_provider_(stage_, plan_, shared_), around_{stage_,     plan_,       judge_,  net_,
                                                          connector_, plan_.files, shared_, media_files_,
                                                          disk_,      nullptr},
      rng_(stage_.seed, "run"), scheduling_(stage_.seed, "schedule"), outside_(stage_.seed, "outside"),
      operator_(stage_.seed, "operator"),
      settings_(std::make_shared<const config::settings>(plan_.settings)) {
  judge_.also_tell(situation_);
  faults_.on_fired = [this](fault x) { reached_.set(pair_of(situation_.now(), x)); };
  judge_.wall_s = [this] { return life_ ? life_->host().wall_ms() / 1000 : 0; };
  disk_.rows().window = plan_.settings.limits.dedupe_window;
  judge_.secret_read = [this] { connector_.secret_known = true; };
  judge_.idempotency_cache = [this] { return &connector_.history(); };
  connector_.logins = &identity_provider_;
  connector_.on_wake = [this] {
    if (life_ && !stopping_ && !life_->host().suspended()) life_->tell(command::wake);
  };
  connector_.on_provisioning = [this](const std::string& platform) {
    if (life_ && !life_->host().suspended()) life_->kill_provisioner(platform);
  };
  connector_.on_unanswered = [this] { crash_router(); };
  if (options.script) connector_.play(*options.script);
}

run::~run() {
  life_.reset();
  for (auto& x : agents_) x->forget();
  shared_.close();
  time_.clear();
}

// -- lives -----------------------------------------------------------------------------------------

void run::begin_life() {
  if (life_) return;
  dawn_ = usec{0};
  stopping_ = media_died_ = false;
  connector_.secret_known = false;
  life_ = std::make_unique<gateway_life>(around_, ++lives_, settings_);
}

/// A later plan takes the place of an earlier one: what waits of that begins no life.
void run::begin_life_at(usec when) {
  dawn_ = when;
  time_.at(when, [this, when] {
    if (dawn_ == when) begin_life();
  });
}

void run::end_life(ending how) {
  if (!life_) return;
  judge_.life_ends(life_->number(), how);
  if (how == ending::killed) {
    life_->kill(scheduling_);
  } else {
    life_->host().die();
  }
  if (auto what = life_->left_over(scheduling_); !what.empty()) judge_.fail("stop", "left over: " + what);
  if (how == ending::stopped) disk_.close();
  life_.reset();
  media_files_.files.clear(); // they go with the port, or nobody need come for them again
}

std::shared_ptr<sim_socket> run::attach(std::shared_ptr<far_end> who) {
  return life_ && !life_->host().suspended() ? life_->attach(std::move(who)) : nullptr;
}

void run::on_disk(const store_record& x) {
  auto* taken = std::get_if<event_taken>(&x);
  if (!taken) return;
  auto& event = *taken->what.event;
  log_.line(time_.now(), "disk", std::to_string(taken->what.seq),
            event.source.platform + "/" + event.source.chat_id + (taken->spilled ? " spilled" : ""));
  judge_.taken_durably(judge_.notes().number_of(event));
}

// -- time ------------------------------------------------------------------------------------------

void run::let_one_act() {
  auto& actors = life_->actors();
  if (faults_.hit(fault::actor_crash, 400)) {
    std::string name = "supervisor"; // its death is the process's
    if (actors.kill_ready(faults_.of(fault::actor_crash), name)) actor_dies(name);
  }
  actors.run_one(scheduling_);
  ++steps_;
  rested_ = false;
}

void run::actor_dies(const std::string& name) {
  judge_.actor_killed(name);
  media_died_ = media_died_ || name == "media";
}

void run::at_rest() {
  if (std::exchange(rested_, true)) return;
  judge_.at_rest();
  if (life_ && life_->stopped()) {
    end_life(ending::stopped);
    if (!stopping_) judge_.fail("stop", "the gateway ended without being told to");
  }
}

void run::spend_until(usec end) {
  constexpr usec lag{2'000};
  while (judge_.clean()) {
    auto awake = life_ && !life_->host().suspended();
    auto next = time_.next();
    if (awake && life_->actors().busy()) {
      // The world does not wait for actors that wait for the processor.
      auto soon = next && *next <= time_.now() + lag && *next <= end;
      if (!soon || !faults_.hit(fault::slow_actors)) {
        let_one_act();
        continue;
      }
    } else {
      at_rest();
      if (!life_ || life_->host().suspended()) awake = false;
      if (awake)
        if (auto timer = life_->actors().next_timer(); timer && (!next || *timer <= *next)) {
          if (*timer > end) break;
          time_.move_to(*timer);
          life_->actors().catch_up();
          continue;
        }
      if (!next || *next > end) break;
    }
    time_.step();
    rested_ = false;
    if (life_ && !life_->host().suspended()) life_->actors().catch_up();
  }
  time_.move_to(end);
  if (life_ && !life_->host().suspended()) life_->actors().catch_up();
}

// -- phases ----------------------------------------------------------------------------------------

run_result run::play() {
  for (std::size_t i = 0; plan_.agent != agent_choice::echo && i < plan_.agents; ++i) {
    agents_.push_back(std::make_shared<sim_agent>(stage_, plan_, *this, crowd_, i));
    if (plan_.agent == agent_choice::link) agents_.back()->start();
  }
  around_.child = [this]() -> std::shared_ptr<sim_agent> {
    return faults_.hit(fault::agent_crash, 3) ? nullptr : agents_.front();
  };
  identity_provider_.begin();
  begin_life();
  people_.begin();
  plan_faults();
  spend_until(plan_.safety);
  if (judge_.clean()) calm_down();
  if (judge_.clean()) wait_for_peace();
  if (judge_.clean()) stop_for_good();
  run_result out;
  out.seed = plan_.seed;
  out.variation = variation_;
  out.violations = judge_.found();
  out.hash = log_.hash();
  out.lines = log_.lines();
  out.steps = steps_;
  out.messages = connector_.events_said + connector_.outbound_heard;
  out.lasted = time_.now();
  out.armed = faults_.armed();
  out.fired = faults_.fired();
  out.reached = reached_;
  out.script_uses = connector_.script_uses();
  return out;
}

void run::calm_down() {
  faults_.calm();
  connector_.end_script();
  if (!life_ && dawn_ == usec{0}) begin_life();
  move_wall(0);
}

void run::wait_for_peace() {
  constexpr usec step{2'000'000}, longest{1'500'000'000};
  auto from = time_.now();
  std::string open;
  bool healed = false;
  while (judge_.clean() && time_.now() < from + longest) {
    spend_until(time_.now() + step);
    if (!life_ || life_->host().suspended()) continue;
    if (!std::exchange(healed, true)) {
      // What only an operator can heal: revoked credentials, a gateway that is asleep.
      if (plan_.credentials == identity_choice::pinned) {
        auto next = *settings_;
        next.relay.gateway_secret = secret{"healed-" + std::to_string(plan_.seed)};
        connector_.arrange(next.relay.gateway_id, next.relay.gateway_secret.reveal());
        settings_ = std::make_shared<const config::settings>(std::move(next));
        life_->apply(settings_);
      } else if (!stopping_) {
        if (plan_.credentials == identity_choice::login_store) identity_provider_.log_in();
        stop_and_start();
      }
      continue;
    }
    if (stopping_) continue;
    // An answer may be lost at any time, and a login with it: somebody reads that, and logs in again.
    auto lost =
        plan_.credentials == identity_choice::login_store && (!open.empty() || !identity_provider_.usable());
    if (lost && (time_.now() - from) % usec{60'000'000} < step) identity_provider_.log_in();
    if (connector_.asleep()) life_->tell(command::wake);
    life_->ask_status();
    spend_until(time_.now() + usec{100'000});
    if (!judge_.clean()) return;
    open = judge_.unsettled();
    for (auto& path : media_files_.files)
      if (!media_died_ && !is_of_dead_letter(path)) open += "; an attachment is left: " + path;
    if (open.empty() && connector_.backlog() == 0) return;
  }
  if (judge_.clean()) judge_.fail("liveness", "does not converge: " + open);
}

/// Files of what was set aside stay for whoever wants it tried again.
bool run::is_of_dead_letter(const std::string& path) {
  return std::any_of(media_files_.pinned.begin(), media_files_.pinned.end(), [&](auto& x) {
    return x.second == path && judge_.notes().was_set_aside(x.first.substr(0, x.first.find('\n')));
  });
}

void run::stop_for_good() {
  if (!life_) return;
  stopping_ = true;
  life_->tell(command::drain);
  wait_for_stop();
}

void run::wait_for_stop() {
  constexpr usec late{5'000'000}, step{250'000};
  auto until = time_.now() + usec{settings_->service.grace} + late;
  while (life_ && judge_.clean() && time_.now() < until) spend_until(time_.now() + step);
  if (life_ && judge_.clean()) judge_.fail("stop", "the ordered stop takes longer than its grace");
  if (judge_.clean()) judge_.at_end();
}

} // namespace relay::sim
