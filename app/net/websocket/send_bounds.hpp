// How much may wait for a peer that does not read, and when it is given up. Pure: time comes in as a value.
// Private to app/net.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace relay::net {

/// Bytes that wait for one peer. Beyond the first bound nothing is read from it, so that what it asks for
/// cannot pile up; what others send to it may still come, until the second bound ends the connection.
struct send_bounds {
  std::size_t stop_reading = 4UL << 20;
  std::size_t give_up = 128UL << 20;

  /// Whether reading is stopped now; it goes on at a quarter of the bound, so that it does not flutter.
  bool chokes(std::size_t waiting, bool choked) const noexcept {
    return waiting > (choked ? stop_reading / 4 : stop_reading);
  }
};

/// A peer for which bytes wait and that takes none of them for `limit` is given up. Time in which this
/// process was frozen is not held against it.
class stall_detector {
public:
  using time = std::chrono::steady_clock::time_point;
  using span = std::chrono::milliseconds;

  /// `position` changes with each byte that the peer, or the kernel on its behalf, takes. `late`: this look
  /// comes after a freeze. True when the peer is to be given up.
  bool look(bool waits, std::uint64_t position, time now, span limit, bool late) noexcept {
    if (!waits || late || !stuck_ || position != position_) {
      stuck_ = waits;
      position_ = position;
      since_ = now;
      return false;
    }
    return now - since_ >= limit;
  }

private:
  bool stuck_ = false;
  std::uint64_t position_ = 0;
  time since_{};
};

} // namespace relay::net
