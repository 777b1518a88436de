#include "relay_gateway/app/commands/worker.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/worker/worker.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/host/orphan_reaper.hpp"
#include "relay_gateway/app/log/log.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/app/queue/nats_port.hpp"
#include "relay_gateway/app/store/memory_store.hpp"
#include "relay_gateway/app/wiring.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/messages/type_ids.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <csignal>
#include <memory>
#include <unistd.h>
#include <utility>

namespace relay::commands {

namespace {

using boost::system::error_code;

constexpr milliseconds overtime{3'000};

/// The host, the process, and a number that no other process has: results go to it and to nobody else.
std::string worker_name(random_port& random) {
  constexpr std::size_t most = 64;
  char host[most + 1] = {};
  if (::gethostname(host, most) != 0 || *host == 0) host[0] = 'w';
  return core::queue_names::token(host) + "-" + std::to_string(::getpid()) + "-" +
         std::to_string(random.bits() % 1'000'000'000);
}

/// One worker in this process, from its start to its end.
class worker_process {
public:
  worker_process(config::settings settings, std::shared_ptr<configurable_log> log)
      : settings_(std::move(settings)), log_(std::move(log)) {}
  worker_process(const worker_process&) = delete;
  worker_process& operator=(const worker_process&) = delete;

  int run() {
    take_signals();
    release_signals();
    if (host::inherits_orphans()) orphans_ = std::make_unique<host::orphan_reaper>(io_);
    register_messages(setup_);
    net::use_io_scheduler(setup_, io_);
    system_ = std::make_unique<caf::actor_system>(setup_);
    std::string error;
    if (!spawn(error)) {
      end_system();
      return fail(exit_code::configuration, error);
    }
    io_.run();
    end_system();
    log_->write(severity::info, "worker.stopped", {});
    return exit_code::fine;
  }

private:
  bool spawn(std::string& error) {
    auto env = real_ports(io_, settings_, log_, std::make_shared<metrics>());
    env.store = make_memory_store();
    env.queue = queue_ = queue::make_nats_port({settings_.nats.url, settings_.nats, settings_.service.tls});
    // Released when the worker, its agents and their children are gone.
    env.lifetime =
        std::shared_ptr<void>{this, [this](void*) { boost::asio::post(io_, [this] { io_.stop(); }); }};
    agent_maker agent;
    if (!choose_agent(agent, *system_, env, settings_, nullptr, error)) return false;
    worker_setup what;
    what.name = worker_name(*env.random);
    what.prefix = settings_.nats.prefix;
    what.room = static_cast<std::uint32_t>(settings_.nats.room);
    what.ack_wait = settings_.nats.ack_wait;
    what.grace = settings_.service.grace;
    what.agent_present = agent.present;
    what.answers_later = settings_.service.agent.kind == config::agent_kind::openai;
    what.make_agent = std::move(agent.make);
    log_->write(severity::info, "worker.started", {{"worker", what.name}, {"agent", agent.name}});
    worker_ = system_->spawn(relay::worker, env, std::move(what));
    return true;
  }

  void take_signals() {
    ends_.add(SIGINT);
    ends_.add(SIGTERM);
    ends_.async_wait([this](const error_code& ec, int signal) {
      if (ec) return;
      error_code ignored;
      ends_.clear(ignored);
      end_at_next_signal();
      log_->write(severity::info, "service.signal", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
      guard_.arm(settings_.service.grace + overtime, exit_code::fine);
      post(std::exchange(worker_, {}), atom::finish_v);
    });
  }

  void end_system() {
    if (!system_) return;
    if (worker_) caf::anon_send_exit(std::exchange(worker_, {}), caf::exit_reason::kill);
    net::drain_actors(*system_);
    system_.reset();
  }

  config::settings settings_;
  std::shared_ptr<configurable_log> log_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set ends_{io_};
  exit_guard guard_;
  std::shared_ptr<queue_port> queue_; ///< outlives the actors: what they said last has to leave
  std::unique_ptr<host::orphan_reaper> orphans_;
  caf::actor_system_config setup_;
  std::unique_ptr<caf::actor_system> system_;
  worker_actor worker_;
};

} // namespace

int worker(const setting_options& from) {
  hold_signals();
  if (host::inherits_orphans()) host::hold_child_signals();
  const auto found = config::resolve(config::process_sources(from.flags, from.config_file));
  if (config::stops_run(found)) {
    for (const auto& x : found.problems)
      if (x.fatal_for_run) complain(to_string(x));
    return exit_code::configuration;
  }
  auto settings = found.values;
  if (settings.nats.url.empty())
    return fail(exit_code::configuration,
                "a worker has no NATS server; set --nats, GATEWAY_NATS_URL or gateway.nats.url");
  ignore_broken_pipes();
  auto log =
      make_log(make_descriptor_output(STDERR_FILENO), settings.service.log_level, settings.service.format);
  for (const auto& x : found.problems)
    log->write(severity::warn, "config.problem", {{"problem", to_string(x)}});
  return worker_process{std::move(settings), std::move(log)}.run();
}

} // namespace relay::commands
