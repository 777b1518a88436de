// The notification socket of a service manager, as systemd defines it in sd_notify(3).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace relay::host {

/// One `NAME=value` line a message part. Not thread-safe.
class service_manager {
public:
  /// From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which are removed from the environment so that no
  /// child takes them for its own. To be called before there are other threads. Null when there is no socket.
  static std::unique_ptr<service_manager> take_from_environment();

  /// `address`: a path, or `@` and an abstract name. `watchdog`: 0 = none is asked for.
  static std::unique_ptr<service_manager> open(std::string_view address, std::chrono::microseconds watchdog);

  service_manager(const service_manager&) = delete;
  service_manager& operator=(const service_manager&) = delete;
  ~service_manager();

  /// Sends `lines` as one datagram without waiting. What the socket has no room for goes with the next
  /// message.
  void send(const std::string& lines) noexcept;
  /// How long the manager waits for WATCHDOG=1 before it ends the process; 0 = for ever.
  std::chrono::microseconds watchdog() const noexcept { return watchdog_; }

private:
  service_manager() = default;

  int socket_ = -1;
  std::chrono::microseconds watchdog_{0};
  std::string unsent_;
};

} // namespace relay::host
