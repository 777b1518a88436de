#include "relay_gateway/tests/sim/ports/deterministic_scheduler.hpp"

#include "relay_gateway/messages/type_ids.hpp"

#include <caf/actor_registry.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace relay::sim {

namespace {
constexpr std::string_view of_the_test = "scheduled_actor"; // one that has no name of its own
}

struct deterministic_scheduler::config : caf::actor_system_config {
  config() {
    register_messages(*this);
    set("scheduler.policy", caf::atom("testing"));
  }
};

namespace {
constexpr auto clock_start = std::chrono::hours{1}; // zero reads as "no time" in places
}

deterministic_scheduler::deterministic_scheduler(std::shared_ptr<process> host)
    : host_(std::move(host)), config_(std::make_unique<config>()) {
  system_ = std::make_unique<caf::actor_system>(*config_);
  jobs_ = &dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
  jobs_->clock().current_time = steady();
  system_actors_ = system_->registry().running();
}

deterministic_scheduler::~deterministic_scheduler() {
  cancel_timers();
  while (jobs_->try_run_once()) {
  }
  // A system waits for its actors; one that cannot die would hang the run. It was reported: let it leak.
  if (population() > 0) {
    static_cast<void>(system_.release()); // NOLINT(bugprone-unused-return-value)
    static_cast<void>(config_.release()); // NOLINT(bugprone-unused-return-value)
  }
}

std::size_t deterministic_scheduler::population() const {
  auto all = system_->registry().running();
  return all > system_actors_ ? all - system_actors_ : 0;
}

caf::actor_clock::time_point deterministic_scheduler::steady() const {
  return caf::actor_clock::time_point{clock_start} + (host_->on().time.now() - suspended_);
}

void deterministic_scheduler::run_one(seeded_rng& rng) {
  auto& jobs = jobs_->jobs;
  if (jobs.size() > 1) std::swap(jobs.front(), jobs[static_cast<std::size_t>(rng.below(jobs.size()))]);
  if (auto* job = dynamic_cast<caf::scheduled_actor*>(jobs.front()))
    seen_.insert_or_assign(job->name(), caf::weak_actor_ptr{job->ctrl()});
  jobs_->run_once();
}

bool deterministic_scheduler::settle(seeded_rng& rng, std::size_t most) {
  for (; busy(); --most) {
    if (most == 0) return false;
    run_one(rng);
  }
  return true;
}

std::optional<usec> deterministic_scheduler::next_timer() const {
  auto& schedule = jobs_->clock().schedule();
  if (schedule.empty()) return {};
  auto due = schedule.begin()->first - caf::actor_clock::time_point{clock_start} + suspended_;
  auto rounded = std::chrono::ceil<usec>(due); // never early
  return std::max(rounded, host_->on().time.now());
}

void deterministic_scheduler::catch_up() {
  auto& clock = jobs_->clock();
  clock.current_time = std::max(clock.current_time, steady());
  clock.trigger_expired_timeouts();
}

bool deterministic_scheduler::kill_any(seeded_rng& rng, std::string& name, std::string_view spared) {
  std::erase_if(seen_, [](auto& x) { return !x.second.lock(); });
  if (seen_.empty()) return false;
  auto& [chosen, who] = *std::next(seen_.begin(), static_cast<std::ptrdiff_t>(rng.below(seen_.size())));
  if (chosen == spared || chosen == of_the_test) return false;
  name = chosen;
  caf::anon_send_exit(caf::actor_cast<caf::actor>(who.lock()), caf::exit_reason::kill);
  return true;
}

caf::strong_actor_ptr deterministic_scheduler::last_of(const std::string& name) const {
  const auto it = seen_.find(name);
  auto out = it == seen_.end() ? nullptr : it->second.lock();
  if (out && caf::actor_cast<caf::abstract_actor*>(out)->getf(caf::abstract_actor::is_terminated_flag))
    return {};
  return out;
}

bool deterministic_scheduler::kill_ready(seeded_rng& rng, std::string& name) {
  auto& jobs = jobs_->jobs;
  if (jobs.empty()) return false;
  auto* job = dynamic_cast<caf::scheduled_actor*>(jobs[static_cast<std::size_t>(rng.below(jobs.size()))]);
  if (!job || name == job->name() || of_the_test == job->name()) return false;
  name = job->name();
  caf::anon_send_exit(job->address(), caf::exit_reason::kill);
  return true;
}

} // namespace relay::sim
