#include "relay_gateway/actors/boot/core/provision_plan.hpp"

#include <algorithm>

namespace relay::core {

provision_plan::provision_plan(std::vector<std::string> platforms, ms backoff_min, ms backoff_max)
    : rounds_(backoff_min, backoff_max) {
  for (auto& x : platforms)
    if (!find(x)) all_.push_back({std::move(x), mark::untried, backoff{backoff_min, backoff_max}});
}

void provision_plan::already(const std::vector<std::string>& provisioned, bool held) {
  held_ = told_ = held;
  for (auto& x : all_)
    if (std::find(provisioned.begin(), provisioned.end(), x.name) != provisioned.end()) x.now = mark::done;
}

provision_plan::entry* provision_plan::find(const std::string& name) {
  for (auto& x : all_)
    if (x.name == name) return &x;
  return nullptr;
}

provision_plan::step provision_plan::begin() {
  step out;
  if (held_) {
    free_run(out, 0);
  } else {
    next_in_round(out, 0);
  }
  return out;
}

void provision_plan::next_in_round(step& out, std::uint64_t random) {
  for (auto& x : all_) {
    if (x.now != mark::untried) continue;
    x.now = mark::trying;
    out.attempt.push_back(x.name);
    return;
  }
  // The round is over without credentials: that is a decision, too; the dial must not wait for more.
  if (!told_) out.decided = told_ = true;
  ms floor{-1};
  for (auto& x : all_)
    if (x.now == mark::failed) floor = std::max(floor, x.floor);
  if (floor.count() >= 0) out.later.emplace_back("", std::max(rounds_.next(random), floor));
}

void provision_plan::free_run(step& out, std::uint64_t random) {
  for (auto& x : all_) {
    if (x.now == mark::untried) {
      x.now = mark::trying;
      out.attempt.push_back(x.name);
    } else if (x.now == mark::failed) {
      out.later.emplace_back(x.name, pause_of(x, random));
    }
  }
}

provision_plan::step provision_plan::over(const std::string& platform, bool provisioned, bool carries,
                                          std::uint64_t random, ms floor) {
  step out;
  auto* x = find(platform);
  if (!x || x->now != mark::trying) return out;
  x->now = provisioned ? mark::done : mark::failed;
  x->floor = floor;
  if (held_) {
    if (!provisioned) out.later.emplace_back(x->name, pause_of(*x, random));
    return out;
  }
  if (provisioned && carries) {
    held_ = told_ = true;
    out.decided = true;
    free_run(out, random);
    return out;
  }
  next_in_round(out, random);
  return out;
}

provision_plan::step provision_plan::no_token(std::uint64_t random, ms floor) {
  step out;
  for (auto& x : all_) {
    if (x.now != mark::trying) continue;
    x.now = mark::failed;
    x.floor = floor;
    if (held_) out.later.emplace_back(x.name, pause_of(x, random));
  }
  if (held_) return out;
  for (auto& x : all_)
    if (x.now == mark::untried) {
      x.now = mark::failed;
      x.floor = floor;
    }
  next_in_round(out, random);
  return out;
}

provision_plan::step provision_plan::due(const std::string& what) {
  step out;
  if (!what.empty()) {
    auto* x = find(what);
    if (!held_ || !x || x->now != mark::failed) return out;
    x->now = mark::trying;
    out.attempt.push_back(x->name);
    return out;
  }
  if (held_) return out; // every platform runs by itself now
  for (auto& x : all_)
    if (x.now == mark::trying) return out; // a round is under way
  for (auto& x : all_)
    if (x.now == mark::failed) x.now = mark::untried;
  next_in_round(out, 0);
  return out;
}

} // namespace relay::core
