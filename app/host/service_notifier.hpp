// Tells the service manager how the service stands, and keeps its watchdog quiet while the threads live.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/health/liveness_monitor.hpp"
#include "relay_gateway/app/host/service_manager.hpp"
#include "relay_gateway/messages/control.hpp"

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::host {

/// One line for a person: the phase of the link and why, platforms, agents, what waits. Null: the supervisor
/// does not answer. What cannot be shown becomes `?`, so that nothing from outside can add a line.
std::string status_line(const gateway_report* x);

/// What the notifier looks at. All must outlive it.
struct notifier_sources {
  liveness_monitor* beats = nullptr;
  log_port* log = nullptr;
  /// Asks for a report; the answer may come on any thread, null when there is none.
  std::function<void(std::function<void(const gateway_report*)>)> report;
};

/// On the io_context's thread.
class service_notifier {
public:
  service_notifier(boost::asio::io_context& io, std::unique_ptr<service_manager> to, notifier_sources from);
  service_notifier(const service_notifier&) = delete;
  service_notifier& operator=(const service_notifier&) = delete;
  ~service_notifier();

  /// The service serves: READY=1. From now on STATUS follows the gateway, and WATCHDOG=1 goes out twice in
  /// the watchdog's time for as long as no thread's heartbeat is late.
  void started();
  /// RELOADING=1 with the time of the monotonic clock; reloaded() must follow.
  void reloading();
  /// READY=1 again. `refused`: why the running settings stay; it is part of STATUS until the next reload.
  void reloaded(const std::string& refused);
  /// STOPPING=1. The manager is asked to wait for as long as `limit`.
  void stopping(milliseconds limit);

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace relay::host
