// Which workers are there: each says so again and again, and is gone when it no longer does.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace relay::core {

template <class Declared>
class worker_roster {
public:
  struct entry {
    std::uint32_t room = 0;
    instant seen{};
    Declared declared{};
  };
  explicit worker_roster(milliseconds lifetime = milliseconds{10'000}, std::size_t most = 10'000)
      : lifetime_(lifetime), most_(most) {}
  /// True when it was not there before. Beyond the bound of entries a further one is not noted.
  bool hello(const std::string& name, std::uint32_t room, Declared declared, instant now) {
    const auto known = all_.find(name);
    if (known == all_.end() && all_.size() >= most_) return false;
    auto& x = all_[name];
    x.room = room;
    x.seen = now;
    x.declared = std::move(declared);
    return known == all_.end();
  }
  bool bye(const std::string& name) { return all_.erase(name) > 0; }
  /// Those that have been silent for too long are gone. Their names.
  std::vector<std::string> expire(instant now) {
    std::vector<std::string> gone;
    for (auto it = all_.begin(); it != all_.end();) {
      if (now - it->second.seen < lifetime_) {
        ++it;
        continue;
      }
      gone.push_back(it->first);
      it = all_.erase(it);
    }
    return gone;
  }
  deadline due() const {
    deadline at;
    for (const auto& [name, x] : all_) at = earlier(at, x.seen + lifetime_);
    return at;
  }
  /// The connection was away: nobody could have been heard.
  void excuse(instant now) {
    for (auto& [name, x] : all_) x.seen = now;
  }
  /// Those that take events.
  std::uint32_t takers() const {
    return static_cast<std::uint32_t>(
        std::count_if(all_.begin(), all_.end(), [](const auto& x) { return x.second.room > 0; }));
  }
  std::uint64_t room() const {
    std::uint64_t sum = 0;
    for (const auto& [name, x] : all_) sum += x.room;
    return sum;
  }
  const std::map<std::string, entry>& all() const { return all_; }

private:
  milliseconds lifetime_;
  std::size_t most_;
  std::map<std::string, entry> all_;
};

} // namespace relay::core
