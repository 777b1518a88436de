// What will happen in the simulated world, and when. Virtual time moves only here.
#pragma once

#include "relay_gateway/tests/sim/base/seeded_rng.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace relay::sim {

class timeline {
public:
  using deed = std::function<void()>;

  usec now() const noexcept { return now_; }
  /// Happens at `when`, or now if that has passed; deeds of one moment in the order in which they were told.
  void at(usec when, deed what);
  void after(usec delay, deed what) { at(now_ + delay, std::move(what)); }
  /// When the next deed is due; none when nothing will ever happen.
  std::optional<usec> next() const;
  /// Moves time to the next deed and does it. False when there is none.
  bool step();
  /// Moves time on; deeds that are due in between stay due.
  void move_to(usec when) {
    if (when > now_) now_ = when;
  }
  void clear();

private:
  struct entry {
    usec when;
    std::uint64_t number;
    deed what;
    bool operator<(const entry& x) const { return when != x.when ? when > x.when : number > x.number; }
  };
  std::vector<entry> heap_;
  usec now_{0};
  std::uint64_t numbers_ = 0;
};

} // namespace relay::sim
