// Redial and retry delays (protocol.md 3.1): drawn from [d/2, d], d doubling from min to max.
#pragma once

#include <chrono>
#include <cstdint>

namespace relay::core {

/// Not reset by success but by success that lasts: reset() is the caller's decision (F11).
class backoff {
public:
  using ms = std::chrono::milliseconds;
  /// `min` is at least 1 ms; `max` not below `min`.
  backoff(ms min, ms max);
  /// The next delay, drawn with these random bits; the one after it is drawn from twice the range.
  ms next(std::uint64_t random);
  void reset() { step_ = 0; }
  /// How often next() was called since the last reset.
  std::uint32_t tries() const { return step_; }

private:
  ms min_, max_;
  std::uint32_t step_ = 0;
};

/// A delay drawn from [low, high] with these random bits.
std::chrono::milliseconds draw(std::chrono::milliseconds low, std::chrono::milliseconds high,
                               std::uint64_t random);

} // namespace relay::core
