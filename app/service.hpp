// The gateway as a service: one thread, its signals, the admin listener, reload, and an ordered end. What
// `run` and `demo` are made of; a program that embeds the library uses app/gateway.hpp instead.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/app/host/service_manager.hpp"
#include "relay_gateway/app/log/log.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/config/resolve.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace relay {

struct service_options {
  config::settings settings;
  std::shared_ptr<configurable_log> log;
  std::shared_ptr<metrics> counts;
  /// Who waits for the service to be ready, and watches it; null: nobody.
  std::unique_ptr<host::service_manager> manager;
  /// Resolves the settings anew (reload), on a thread of its own. Unset: a reload is refused.
  std::function<config::resolution()> resolve;
  /// Secrets, tokens and certificates of the newest resolution: watched, and used anew when they change. May
  /// be unset.
  std::function<std::vector<std::string>()> files{};
  bool state_reset = false; ///< set aside what the state directory holds and begin anew
  settings_origin origin{}; ///< of the first resolution: a reload may not make it worse
};

/// Why a service did not start.
struct start_failure {
  int exit_code = 0;
  std::string text; ///< one line that says what to do about it
};

/// Made, run and destroyed by one thread, which run() keeps busy. One per process: it takes the signals.
class service {
public:
  /// Binds the listener and starts the gateway; nothing is served before run(). Null and `why` on failure.
  static std::unique_ptr<service> start(service_options what, start_failure& why);
  service(const service&) = delete;
  service& operator=(const service&) = delete;
  ~service();

  /// `http://127.0.0.1:9480`: where the listener is.
  std::string url() const;
  /// The same of the metrics listener; empty when there is none.
  std::string metrics_url() const;
  /// Serves until drained: by a signal, by POST /v1/drain, or by drain(). Returns the exit code: 0 after
  /// every planned stop. SIGINT, SIGTERM, SIGHUP and SIGUSR1 are the service's from start() on and acted on
  /// here.
  int run();
  /// Begins the ordered end. Any thread, also before run(); again is without effect.
  void drain();

private:
  struct impl;
  explicit service(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace relay
