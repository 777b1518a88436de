// The gateways of a directory: each file one of its own, in one actor system on one io_context.
#pragma once

#include "relay_gateway/app/admin/server.hpp"
#include "relay_gateway/app/fleet/fleet_status.hpp"
#include "relay_gateway/app/log/log.hpp"
#include "relay_gateway/app/metrics/fleet_metrics.hpp"
#include "relay_gateway/config/resolve.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay::fleet {

struct fleet_options {
  std::string directory;
  config::settings common; ///< the process's own
  /// What the process resolves settings from. Any thread.
  std::function<config::sources()> process;
  std::shared_ptr<configurable_log> log;
  std::shared_ptr<fleet_metrics> counts;
  liveness_monitor* beats = nullptr;
  std::function<void()> over{}; ///< drained: no gateway is left; called once, on the io_context's thread
};

/// Everything on the io_context's thread. Files are read and looked at, and stores are opened and closed by
/// other threads, so a disk that hangs there holds up no gateway that runs.
class running_fleet {
public:
  /// `io` and `system` must outlive it.
  running_fleet(boost::asio::io_context& io, caf::actor_system& system, fleet_options what);
  running_fleet(const running_fleet&) = delete;
  running_fleet& operator=(const running_fleet&) = delete;
  /// Stops what still runs, without a drain, and waits for it.
  ~running_fleet();

  /// Begins to read the directory, and follows it from now on.
  void start();
  /// Reads the directory and every file anew, also those that did not change; `done` may be null.
  void reload(std::function<void(admin::reload_answer)> done);
  /// Every gateway dials anew.
  void reconnect();
  /// Stops all within the grace; fleet_options::over follows.
  void drain();

  fleet_report report() const;
  /// For the listener; `drain` is the process's.
  admin::fleet_target target(std::function<void()> drain);

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace relay::fleet
