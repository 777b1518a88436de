// A fleet as a process: one thread for all gateways, signals, one listener, reload, and an ordered end. What
// `run --fleet` is made of.
#pragma once

#include "relay_gateway/app/files/file_secrets.hpp"
#include "relay_gateway/app/fleet/fleet.hpp"
#include "relay_gateway/app/host/service_manager.hpp"
#include "relay_gateway/app/service.hpp"

#include <functional>
#include <memory>
#include <string>

namespace relay::fleet {

struct fleet_service_options {
  std::string directory;     ///< of the gateways' files
  config::settings settings; ///< the process's own
  std::shared_ptr<configurable_log> log;
  std::shared_ptr<fleet_metrics> counts;
  /// Who waits for the service to be ready, and watches it; null: nobody.
  std::unique_ptr<host::service_manager> manager;
  /// What the process resolves settings from. Any thread.
  std::function<config::sources()> process;
  /// Resolved `settings` from there. The files of its secrets are followed.
  watching_resolver resolver{nullptr};
  settings_origin origin{}; ///< of that resolution
};

/// Made, run and destroyed by one thread, which run() keeps busy. One per process: it takes the signals.
class fleet_service {
public:
  /// Binds the listener. Null and `why` on failure.
  static std::unique_ptr<fleet_service> start(fleet_service_options what, start_failure& why);
  fleet_service(const fleet_service&) = delete;
  fleet_service& operator=(const fleet_service&) = delete;
  ~fleet_service();

  /// `http://127.0.0.1:9480`
  std::string url() const;
  /// The same of the metrics listener; empty when there is none.
  std::string metrics_url() const;
  /// Serves until drained; the exit code.
  int run();

private:
  struct impl;
  explicit fleet_service(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace relay::fleet
