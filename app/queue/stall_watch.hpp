// Whether a replicated consumer gives out what its stream has. In nats-server 2.9 one can stop doing so for
// good, with requests waiting there: another server has to lead it then. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace relay::queue {

/// What the servers say of a stream and its consumer.
struct consumer_look {
  std::uint64_t last_stored = 0; ///< in the stream
  std::uint64_t delivered = 0;   ///< of that, the last one that the consumer gave out
  std::uint64_t floor = 0;       ///< all up to this one are settled
  std::uint64_t messages = 0;    ///< in the stream
  std::uint64_t waiting = 0;     ///< requests for messages that the consumer has
  std::uint64_t others = 0;      ///< servers that could lead the consumer instead
};
enum class stall_remedy : std::uint8_t { none, other_consumer_leader, other_stream_leader };

class stall_watch {
public:
  using instant = std::chrono::steady_clock::time_point;
  /// Without a message for so long it is worth a look; a second one tells a pause from a stall.
  static constexpr std::chrono::seconds first_pause{5}, longest_pause{60};

  /// A message came.
  void arrived(instant now) {
    pause_ = first_pause;
    since_ = now;
    suspected_ = false;
    tries_ = 0;
  }
  /// The session is usable again: requests are on their way.
  void resumed(instant now) { since_ = now; }
  instant due() const { return since_ + pause_; }
  /// At due(), with what was seen then.
  stall_remedy looked(const consumer_look& x, instant now) {
    since_ = now;
    const bool stands = x.others > 0 && x.waiting > 0 && x.messages > 0 && x.delivered < x.last_stored;
    const bool again = suspected_ && x.delivered == delivered_;
    suspected_ = stands;
    delivered_ = x.delivered;
    if (!stands) tries_ = 0;
    if (stands && !again) {
      pause_ = first_pause;
      return stall_remedy::none;
    }
    pause_ = std::min(pause_ * 2, longest_pause);
    if (!stands) return stall_remedy::none;
    return ++tries_ % 2 == 1 ? stall_remedy::other_consumer_leader : stall_remedy::other_stream_leader;
  }

private:
  std::chrono::seconds pause_ = first_pause;
  instant since_{};
  bool suspected_ = false;
  std::uint64_t delivered_ = 0, tries_ = 0;
};

} // namespace relay::queue
