// When to ping and when to give a silent peer up. Pure: time comes in as a value. Private to app/net.
#pragma once

#include <chrono>

namespace relay::net {

/// A peer that has sent no byte for `timeout` is dead. Two things are not held against it: time in which we
/// did not read, and time in which this process was frozen (SIGSTOP, a stalled VM). A freeze shows as a
/// wake-up that comes far too late; the peer then gets one fresh ping interval to answer (F2).
class keepalive {
public:
  using time = std::chrono::steady_clock::time_point;
  using span = std::chrono::milliseconds;

  enum class verdict { wait, ping, dead };

  keepalive(span interval, span timeout, time now);

  /// When to call wake() next.
  time due() const noexcept { return due_; }
  /// `silence`: since the last byte from the peer.
  verdict wake(time now, span silence);
  /// Reading was stopped, or goes on.
  void reading(bool on, time now);

private:
  span interval_, timeout_;
  time next_ping_, due_, patience_; // not dead before patience_
  bool reading_ = true;
};

} // namespace relay::net
