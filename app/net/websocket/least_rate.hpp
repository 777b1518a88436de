// How slow a peer may be with what it has begun. Pure: time comes in as a value. Private to app/net.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace relay::net {

/// What has been begun has `patience` to end, and a second more for each `bytes_a_second` that it goes on by;
/// credit beyond `patience` is not kept. A total limit would cut large frames of slow links, and silence
/// alone lets a byte now and then hold a connection for ever.
class least_rate {
public:
  using time = std::chrono::steady_clock::time_point;
  using span = std::chrono::milliseconds;

  /// Less than the slowest mobile link that gets anything through.
  static constexpr std::uint64_t bytes_a_second = 256;
  /// Of the silence that ends a connection: long enough for one full TLS record (16 KiB) at that rate.
  static constexpr int silences = 3;

  explicit least_rate(span silence) : patience_(silence * silences), left_(patience_) {}

  /// `begun`: something is under way; `position` grows with each byte of it. True when the peer is too slow.
  bool look(bool begun, std::uint64_t position, time now) {
    const auto gone = std::chrono::duration_cast<span>(now - last_);
    const auto more = position - position_;
    const bool goes_on = begun && begun_;
    last_ = now;
    position_ = position;
    begun_ = begun;
    if (!goes_on) {
      left_ = patience_;
      return false;
    }
    const auto credit = std::min<std::uint64_t>(more * 1000 / bytes_a_second, patience_.count() * 2);
    left_ = std::min(left_ - gone + span(credit), patience_);
    return left_ <= span::zero();
  }

  /// What ended, or was not the peer's doing: a freeze, or that nobody read.
  void begin_anew() noexcept { begun_ = false; }

  span patience() const noexcept { return patience_; }

private:
  span patience_, left_;
  time last_{};
  std::uint64_t position_ = 0;
  bool begun_ = false;
};

} // namespace relay::net
