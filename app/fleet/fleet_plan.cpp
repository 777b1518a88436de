#include "relay_gateway/app/fleet/fleet_plan.hpp"

#include <algorithm>
#include <utility>

namespace relay::fleet {

namespace {

/// A gateway that has run this long died of something new.
constexpr std::chrono::minutes forgiven_after{1};

/// Something has to happen for it to start again.
bool is_resting(phase x) noexcept { return x == phase::failed || x == phase::stopped || x == phase::asleep; }

} // namespace

const char* to_string(phase x) noexcept {
  switch (x) {
  case phase::waiting: return "waiting";
  case phase::starting: return "starting";
  case phase::running: return "running";
  case phase::stopping: return "stopping";
  case phase::asleep: return "asleep";
  case phase::stopped: return "stopped";
  case phase::failed: return "failed";
  }
  return "unknown";
}

void fleet_plan::files(const std::map<std::string, std::uint64_t>& now) {
  for (auto it = members_.begin(); it != members_.end();) {
    auto& x = it->second;
    const auto file = now.find(it->first);
    const bool back = std::exchange(x.gone, file == now.end()) && !x.gone;
    if (back && x.phase == phase::stopping) x.again = true;
    const bool changed = !x.gone && std::exchange(x.wanted, file->second) != file->second;
    const bool resting = is_resting(x.phase);
    if (x.gone && (resting || x.phase == phase::waiting)) {
      it = members_.erase(it);
      continue;
    }
    if (changed && resting && !draining_) {
      x.failures = 0;
      x.phase = phase::waiting;
    }
    ++it;
  }
  if (draining_) return;
  for (const auto& [name, digest] : now)
    if (auto [it, fresh] = members_.try_emplace(name); fresh) it->second.wanted = digest;
}

bool fleet_plan::renew(const std::string& name) {
  const auto it = members_.find(name);
  if (it == members_.end() || draining_) return false;
  auto& x = it->second;
  x.failures = 0;
  x.renew = true;
  if (is_resting(x.phase)) x.phase = phase::waiting;
  if (x.phase == phase::stopping) x.again = true;
  return true;
}

void fleet_plan::renew_all() {
  std::vector<std::string> names;
  for (const auto& [name, x] : members_) // those that rest in order read their files when they are started
    if (x.phase != phase::stopped && x.phase != phase::asleep) names.push_back(name);
  for (const auto& name : names) renew(name);
}

void fleet_plan::secrets_changed(const std::string& name) {
  const auto it = members_.find(name);
  if (it == members_.end()) return;
  const auto now = it->second.phase;
  if (now != phase::stopped && now != phase::asleep && now != phase::stopping) renew(name);
}

bool fleet_plan::stop(const std::string& name) {
  const auto it = members_.find(name);
  if (it == members_.end() || it->second.phase != phase::running) return false;
  it->second.halt = true;
  return true;
}

bool fleet_plan::wake(const std::string& name) {
  const auto it = members_.find(name);
  if (it == members_.end() || draining_) return false;
  auto& x = it->second;
  if (x.phase == phase::asleep) x.phase = phase::waiting;
  // Nobody hears it there any more.
  if (x.phase == phase::running) x.again_if_asleep = true;
  return x.phase == phase::waiting || x.phase == phase::starting || x.phase == phase::running;
}

void fleet_plan::awake(const std::string& name) {
  if (const auto it = members_.find(name); it != members_.end()) it->second.again_if_asleep = false;
}

void fleet_plan::drain() {
  draining_ = true;
  for (auto& [name, x] : members_) {
    x.again = false;
    if (x.phase == phase::waiting || x.phase == phase::failed) x.phase = phase::stopped;
  }
}

void fleet_plan::fail(member& x, clock::time_point now, std::uint64_t chance) {
  x.phase = draining_ ? phase::stopped : phase::failed;
  const auto doublings = std::min<std::uint32_t>(x.failures++, 16);
  const std::int64_t base =
      std::min<std::int64_t>(limits_.retry_max.count(), limits_.retry_min.count() << doublings);
  // Between half of it and all of it: what failed together does not come back together.
  const auto half = std::max<std::int64_t>(base / 2, 1);
  const auto more = static_cast<std::int64_t>(chance % static_cast<std::uint64_t>(half + 1));
  x.retry = now + std::chrono::milliseconds{half + more};
}

void fleet_plan::started(const std::string& name, start_outcome what, const std::string& why,
                         clock::time_point now, std::uint64_t chance) {
  const auto it = members_.find(name);
  if (it == members_.end() || it->second.phase != phase::starting) return;
  --starting_;
  auto& x = it->second;
  x.why = why;
  x.retry.reset();
  if (what == start_outcome::running) {
    x.phase = phase::running;
    x.problem.clear();
    x.since = now;
    return;
  }
  if (x.gone) {
    members_.erase(it);
    return;
  }
  if (what == start_outcome::failed)
    fail(x, now, chance);
  else
    x.phase = draining_ ? phase::stopped : phase::failed;
  // What it was tried with is not what the file says by now.
  if ((x.wanted != x.used || x.renew) && x.phase == phase::failed) x.phase = phase::waiting;
}

void fleet_plan::reloaded(const std::string& name, bool accepted, bool restart, const std::string& why) {
  const auto it = members_.find(name);
  if (it == members_.end()) return;
  auto& x = it->second;
  x.reloading = false;
  x.problem = accepted ? std::string{} : why;
  if (accepted && restart && x.phase == phase::running) x.again = true;
}

void fleet_plan::ended(const std::string& name, bool in_order, const std::string& why, clock::time_point now,
                       std::uint64_t chance) {
  const auto it = members_.find(name);
  if (it == members_.end()) return;
  auto& x = it->second;
  x.reloading = false;
  if (x.gone) {
    members_.erase(it);
    return;
  }
  const bool asked = x.phase == phase::stopping;
  const bool woken = std::exchange(x.again_if_asleep, false);
  x.why = why;
  if (asked || in_order) {
    const bool anew = x.again || (asked ? x.wanted != x.used : woken);
    x.phase = anew && !draining_ ? phase::waiting : asked || draining_ ? phase::stopped : phase::asleep;
    x.again = x.halt = false;
    return;
  }
  if (now - x.since >= forgiven_after) x.failures = 0;
  fail(x, now, chance);
}

std::vector<order> fleet_plan::take(clock::time_point now) {
  std::vector<order> out;
  for (auto& [name, x] : members_) {
    if (x.phase == phase::failed && x.retry && *x.retry <= now) x.phase = phase::waiting;
    if (x.phase == phase::waiting && starting_ < limits_.starts_at_once) {
      ++starting_;
      x.phase = phase::starting;
      x.used = x.wanted;
      x.renew = false;
      x.retry.reset();
      out.push_back({order::what::start, name});
    }
    if (x.phase != phase::running) continue;
    if (x.gone || x.again || x.halt || draining_) {
      x.phase = phase::stopping;
      out.push_back({order::what::stop, name});
    } else if ((x.wanted != x.used || x.renew) && !x.reloading) {
      x.used = x.wanted;
      x.renew = false;
      x.reloading = true;
      out.push_back({order::what::reload, name});
    }
  }
  return out;
}

std::optional<fleet_plan::clock::time_point> fleet_plan::due() const {
  std::optional<clock::time_point> out;
  for (const auto& [name, x] : members_)
    if (x.phase == phase::failed && x.retry && (!out || *x.retry < *out)) out = x.retry;
  return out;
}

bool fleet_plan::settled() const {
  return std::none_of(members_.begin(), members_.end(), [](const auto& x) {
    return x.second.phase == phase::starting || (x.second.phase == phase::waiting && x.second.failures == 0);
  });
}

bool fleet_plan::over() const {
  return draining_ && std::none_of(members_.begin(), members_.end(), [](const auto& x) {
           return x.second.phase == phase::starting || x.second.phase == phase::running ||
                  x.second.phase == phase::stopping;
         });
}

} // namespace relay::fleet
