#include "relay_gateway/app/log/repeat_limiter.hpp"

#include <algorithm>

namespace relay {

bool repeat_limiter::admit(std::string_view id, clock::time_point now) {
  auto it = spans_.find(id);
  if (it == spans_.end()) it = spans_.emplace(std::string{id}, span{now, 0}).first;
  auto& x = it->second;
  // A window with repeats stays until its summary is taken.
  if (now - x.since >= window && x.seen <= burst) x = {now, 0};
  if (++x.seen <= burst) return true;
  due_ = std::min(due_, x.since + window);
  return false;
}

std::vector<repeat_limiter::summary> repeat_limiter::take(clock::time_point now, bool also_open) {
  std::vector<summary> result;
  due_ = clock::time_point::max();
  for (auto it = spans_.begin(); it != spans_.end();) {
    auto& x = it->second;
    const bool over = now - x.since >= window;
    if (x.seen > burst && (over || also_open)) {
      auto within = std::chrono::ceil<std::chrono::seconds>(std::min<clock::duration>(now - x.since, window));
      result.push_back({it->first, x.seen - burst, std::max(within, std::chrono::seconds{1})});
      it = spans_.erase(it);
    } else if (over) {
      it = spans_.erase(it);
    } else {
      if (x.seen > burst) due_ = std::min(due_, x.since + window);
      ++it;
    }
  }
  return result;
}

std::vector<repeat_limiter::summary> repeat_limiter::finished(clock::time_point now) {
  return take(now, false);
}
std::vector<repeat_limiter::summary> repeat_limiter::all(clock::time_point now) { return take(now, true); }

} // namespace relay
