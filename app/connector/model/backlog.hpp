// The events that wait for one gateway: replayed in order, gated on acks, dropped only when acked
// (protocol.md 3.2).
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace relay::connector {

/// One buffered frame. `payload` is the `event` or `forward` object as JSON text.
struct buffered_entry {
  std::string buffer_id, platform, payload;
  bool passthrough = false; ///< a passthrough_forward instead of an inbound
};

/// Not thread-safe. The entries sent on the present connection and not acked are always the first ones.
class backlog {
public:
  void push(buffered_entry x) { waiting_.push_back(std::move(x)); }
  /// The next entry to send, now counted as sent; null when all were sent or `window` entries are unacked.
  const buffered_entry* next(std::size_t window) {
    return sent_ < window && sent_ < waiting_.size() ? &waiting_[sent_++] : nullptr;
  }
  /// Drops an acked entry; false when it is not here (a second ack, or one of another life).
  bool acked(std::string_view buffer_id) {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (waiting_[i].buffer_id != buffer_id) continue;
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      if (i < sent_) --sent_;
      return true;
    }
    return false;
  }
  /// The connection is gone: what was not acked is sent again on the next one.
  void rewind() { sent_ = 0; }
  /// Everything that waits has been sent, so a live event overtakes nothing.
  bool all_sent() const { return sent_ == waiting_.size(); }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  std::size_t in_flight() const { return sent_; }
  const std::deque<buffered_entry>& entries() const { return waiting_; }

private:
  std::deque<buffered_entry> waiting_;
  std::size_t sent_ = 0;
};

} // namespace relay::connector
