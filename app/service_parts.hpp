// What services are made of: the actor system's configuration, and the signals.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/config/settings.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay {

/// A stop that is not over this long after the grace ends the process all the same.
inline constexpr std::chrono::milliseconds overtime{3'000};

/// Actors on `io`'s thread, or on a thread of their own.
std::unique_ptr<caf::actor_system_config> actor_config(config::scheduler_kind kind,
                                                       boost::asio::io_context& io);

/// How long an action may take until it is settled: three time-outs when it may be sent again, and some; the
/// connector may ask for a wait.
milliseconds action_limit(const config::limits& limits);
/// How long an order to sleep may take: two looks at the work, the ack, and the close handshake.
milliseconds sleep_limit(const config::limits& limits);

/// Runs the io_context until it is stopped. An exception of a handler is noted, and ends nothing unless
/// `over` holds by then.
void run_until(const bool& over, boost::asio::io_context& io, log_port& log);

struct signal_handlers {
  std::function<void()> end;       ///< the first SIGINT or SIGTERM; the second one ends the process
  std::function<void()> reload;    ///< each SIGHUP
  std::function<void()> reconnect; ///< each SIGUSR1
};

/// Takes these signals from now on; the handlers are called on the io_context's thread.
class service_signals {
public:
  service_signals(boost::asio::io_context& io, std::shared_ptr<log_port> log, signal_handlers then);
  service_signals(const service_signals&) = delete;
  service_signals& operator=(const service_signals&) = delete;
  ~service_signals();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay
