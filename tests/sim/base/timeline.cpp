#include "relay_gateway/tests/sim/base/timeline.hpp"

#include <algorithm>

namespace relay::sim {

void timeline::at(usec when, deed what) {
  heap_.push_back({std::max(when, now_), ++numbers_, std::move(what)});
  std::push_heap(heap_.begin(), heap_.end());
}

std::optional<usec> timeline::next() const {
  if (heap_.empty()) return {};
  return std::max(heap_.front().when, now_);
}

bool timeline::step() {
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end());
  auto x = std::move(heap_.back());
  heap_.pop_back();
  move_to(x.when);
  x.what();
  return true;
}

void timeline::clear() { heap_.clear(); }

} // namespace relay::sim
