#include "relay_gateway/tests/sim/ports/process.hpp"

#include <algorithm>

namespace relay::sim {

void process::inside(usec delay, timeline::deed what) {
  auto due = std::max(on_.time.now() + delay, thaw_);
  on_.time.at(due, [me = shared_from_this(), what = std::move(what)]() mutable {
    if (!me->alive_) return;
    if (me->suspended()) {
      me->inside(usec{0}, std::move(what));
      return;
    }
    what();
  });
}

void process::suspend_until(usec when) {
  thaw_ = std::max(thaw_, when);
  for (auto& x : listeners_) x(true);
}

void process::die() {
  if (!alive_) return;
  alive_ = false;
  for (auto& x : std::exchange(listeners_, {})) x(false);
}

std::int64_t process::wall_ms() const noexcept {
  return wall_start_ms + on_.time.now().count() / 1000 + wall_off_ms_;
}

} // namespace relay::sim
