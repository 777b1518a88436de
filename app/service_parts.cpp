#include "relay_gateway/app/service_parts.hpp"

#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/process.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <caf/actor_system_config.hpp>

#include <csignal>
#include <exception>
#include <utility>

namespace relay {

using boost::system::error_code;

std::unique_ptr<caf::actor_system_config> actor_config(config::scheduler_kind kind,
                                                       boost::asio::io_context& io) {
  auto result = std::make_unique<caf::actor_system_config>();
  register_messages(*result);
  if (kind == config::scheduler_kind::io) {
    net::use_io_scheduler(*result, io);
  } else {
    result->set("scheduler.policy", caf::atom("sharing"));
    result->set("scheduler.max-threads", std::size_t{1});
  }
  return result;
}

milliseconds action_limit(const config::limits& limits) {
  return limits.egress_hold + core::longest_wait + 4 * limits.outbound_timeout + milliseconds{2'000};
}

milliseconds sleep_limit(const config::limits& limits) {
  return limits.idle_ack_timeout + milliseconds{6'000};
}

void run_until(const bool& over, boost::asio::io_context& io, log_port& log) {
  while (!over) {
    try {
      io.run();
      return;
    } catch (const std::exception& x) {
      // A handler's mistake stays a mistake of that handler.
      log.write(severity::error, "service.handler_failed", {{"why", x.what()}});
    }
  }
}

struct service_signals::impl {
  impl(boost::asio::io_context& io, std::shared_ptr<log_port> to, signal_handlers handlers)
      : log(std::move(to)), then(std::move(handlers)), ends(io), wishes(io) {
    ends.add(SIGINT);
    ends.add(SIGTERM);
    wishes.add(SIGHUP);
    wishes.add(SIGUSR1);
    ends.async_wait([this](const error_code& ec, int signal) {
      if (ec) return;
      error_code ignored;
      ends.clear(ignored);
      end_at_next_signal();
      log->write(severity::info, "service.signal", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
      then.end();
    });
    wait_for_wish();
  }
  void wait_for_wish() {
    wishes.async_wait([this](const error_code& ec, int signal) {
      if (ec) return;
      (signal == SIGHUP ? then.reload : then.reconnect)();
      wait_for_wish();
    });
  }

  const std::shared_ptr<log_port> log;
  const signal_handlers then;
  boost::asio::signal_set ends, wishes;
};

service_signals::service_signals(boost::asio::io_context& io, std::shared_ptr<log_port> log,
                                 signal_handlers then)
    : impl_(std::make_unique<impl>(io, std::move(log), std::move(then))) {}
service_signals::~service_signals() = default;

} // namespace relay
