// What came in on a socket and still waits for the actor that it is for: a mailbox has no bound of its own,
// so the socket is not read from while too much of its bytes is in one.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace relay {

/// Bytes of the reason of an agent's interrupt; one with a longer reason is dropped.
inline constexpr std::size_t longest_interrupt_reason = 16UL << 10;

/// Leaves the count when its last copy is gone: with the message that it travels in, whatever becomes of
/// that.
using inflow_token = std::shared_ptr<void>;

/// Counts of one socket. Thread-safe.
class inflow : public std::enable_shared_from_this<inflow> {
public:
  explicit inflow(std::size_t most = 4UL << 20) : most_(most) {}

  /// `bytes` in so many `frames` are on their way.
  inflow_token enter(std::size_t bytes, std::size_t frames) {
    constexpr std::size_t around = 256; // of a frame that holds hardly anything
    const auto size = bytes + around * frames;
    bytes_ += size;
    return {nullptr, [self = shared_from_this(), size](void*) { self->bytes_ -= size; }};
  }
  bool full() const noexcept { return bytes_ > most_; }
  std::size_t bytes() const noexcept { return bytes_; }

private:
  const std::size_t most_;
  std::atomic<std::size_t> bytes_ = 0;
};

} // namespace relay
