// Frames on their way out. Private to app/net and app/child.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace relay::net {

/// What other threads want of a socket, gathered until its thread takes it: one hand-over per burst, not one
/// per frame. Any thread.
class arrival_queue {
public:
  struct closing {
    std::uint16_t code;
    std::string reason;
    std::chrono::milliseconds limit;
  };
  struct frame {
    std::string text;
    bool raw = false; ///< bytes for the stream instead of a text message
    bool operator==(const frame&) const = default;
  };
  enum class dropping : std::uint8_t {
    at_once,
    flushed, ///< after what was written, as far as the kernel takes it
    reset    ///< the same, and the end is a TCP reset
  };
  struct content {
    std::vector<frame> frames;
    std::optional<bool> read, hold;
    std::optional<closing> close;
    std::optional<std::string> drop;
    dropping how = dropping::at_once; ///< goes with drop
  };

  // Each returns whether the caller must arrange a call of take(): true for the first of a burst.
  bool write(std::string text, bool raw = false);
  bool read(bool on);
  bool hold(bool on);
  bool close(closing how);
  bool drop(std::string why, dropping how = dropping::at_once);

  /// Everything so far. Before it returns, the next call starts a new burst.
  content take();
  /// Nothing is taken in any more.
  void shut();
  /// Frames taken in, over all time.
  std::uint64_t given() const noexcept { return given_.load(std::memory_order_relaxed); }
  /// Their bytes.
  std::uint64_t given_bytes() const noexcept { return given_bytes_.load(std::memory_order_relaxed); }

private:
  bool first();

  std::mutex mutex_;
  content content_;
  bool posted_ = false, closing_ = false, shut_ = false;
  std::atomic<std::uint64_t> given_ = 0, given_bytes_ = 0;
};

/// Knows which frames have begun to leave. A frame counts as written once its first byte may have left the
/// process (socket_end::frames_written). The socket's thread only, but for written().
class written_frame_counter {
public:
  /// A frame begins at this position of the byte stream.
  void begin(std::uint64_t position) { starts_.push_back(position); }
  /// All bytes before this position may have left.
  void departed(std::uint64_t position);
  std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }

private:
  std::deque<std::uint64_t> starts_; // of frames whose first byte is still here
  std::atomic<std::uint64_t> written_ = 0;
};

} // namespace relay::net
