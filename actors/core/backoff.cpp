#include "relay_gateway/actors/core/backoff.hpp"

#include <algorithm>

namespace relay::core {

backoff::backoff(ms min, ms max) : min_(std::max(min, ms{1})), max_(std::max(max, std::max(min, ms{1}))) {}

backoff::ms backoff::next(std::uint64_t random) {
  // Past 40 doublings of a millisecond every cap is reached; stopping there keeps the shift defined.
  auto top =
      step_ < 40 && (min_.count() << step_) >> step_ == min_.count() ? ms{min_.count() << step_} : max_;
  top = std::min(top, max_);
  if (step_ < 0xffffffffU) ++step_;
  return draw(top / 2, top, random);
}

std::chrono::milliseconds draw(std::chrono::milliseconds low, std::chrono::milliseconds high,
                               std::uint64_t random) {
  auto range = static_cast<std::uint64_t>(std::max<std::int64_t>(high.count() - low.count(), 0)) + 1;
  return low + std::chrono::milliseconds{static_cast<std::int64_t>(random % range)};
}

} // namespace relay::core
