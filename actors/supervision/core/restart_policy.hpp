// When a child of the supervisor that died is started again, and who is started with it.
#pragma once

#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/core/clock.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace relay::core {

/// The first death, and the first one after a long life, costs no pause; each further one twice the last, so
/// that a child that dies at once does not keep a processor busy.
class restart_policy {
public:
  /// A child that lived this long is started at once again.
  static constexpr milliseconds healthy_after{60'000};
  static constexpr milliseconds shortest_pause{100}, longest_pause{10'000};

  void started(const std::string& child, instant now) {
    auto& x = lives_[child];
    x.born = now;
    x.ever = true;
  }
  /// Whether it was started before: its predecessor may have left something under way.
  bool had_life(const std::string& child) const {
    auto it = lives_.find(child);
    return it != lives_.end() && it->second.ever;
  }
  /// It died: how long to wait before the next start.
  milliseconds died(const std::string& child, instant now, std::uint64_t random) {
    ++deaths_;
    auto& x = lives_[child];
    if (now - x.born >= healthy_after) x.pause.reset();
    auto first = x.pause.tries() == 0;
    auto pause = x.pause.next(random);
    return first ? milliseconds{0} : pause;
  }
  /// It could not even be started.
  milliseconds not_started(const std::string& child, std::uint64_t random) {
    return lives_[child].pause.next(random);
  }
  std::uint64_t deaths() const { return deaths_; }

  /// Who is stopped when it died, before it is started again. The provisioner asks the identity, which may
  /// have a renewed login on its way and lives on.
  static std::vector<std::string> together_with(const std::string& child) {
    if (child == "provisioner" || child == "identity") return {"provisioner"};
    return {child};
  }

private:
  struct life {
    backoff pause{shortest_pause, longest_pause};
    instant born{};
    bool ever = false;
  };
  std::map<std::string, life> lives_;
  std::uint64_t deaths_ = 0;
};

} // namespace relay::core
