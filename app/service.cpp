#include "relay_gateway/app/service.hpp"

#include "relay_gateway/actors/boot/core/reload_check.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/admin/server.hpp"
#include "relay_gateway/app/files/file_secrets.hpp"
#include "relay_gateway/app/files/file_watch.hpp"
#include "relay_gateway/app/gateway.hpp"
#include "relay_gateway/app/health/heartbeat_timer.hpp"
#include "relay_gateway/app/host/orphan_reaper.hpp"
#include "relay_gateway/app/host/service_notifier.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/queue/nats_port.hpp"
#include "relay_gateway/app/service_parts.hpp"
#include "relay_gateway/app/settings_source.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/app/wiring.hpp"
#include "relay_gateway/config/values/addresses/listener.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

namespace relay {

namespace {

using boost::system::error_code;
using std::chrono::milliseconds;

/// How long answers on their way out (to POST /v1/drain, say) may take before the listener goes.
constexpr milliseconds last_answers{50};
/// Time limit of the supervisor's answer to a status request.
constexpr milliseconds report_limit{2'000};

} // namespace

// Members go from last to first: what is above is used by what is below.
struct service::impl {
  service_options what;
  config::settings running;
  liveness_monitor beats;
  boost::asio::io_context io{1};
  std::unique_ptr<admin::server> listener, metrics_listener; ///< the second is null when none is set
  std::unique_ptr<caf::actor_system_config> actor_setup;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<queue_port> workers; // outlives the actors: what they said last has to leave
  std::unique_ptr<gateway> relay;
  std::unique_ptr<heartbeat_timer> pace;
  std::shared_ptr<settings_port> source;
  std::unique_ptr<file_watch> files;
  std::unique_ptr<host::service_notifier> notifier; // null: no service manager listens
  std::unique_ptr<host::orphan_reaper> orphans;     // null: somebody else is process 1
  std::unique_ptr<service_signals> signals;
  boost::asio::steady_timer farewell{io};
  std::unique_ptr<exit_guard> guard; // from the start: a stop may find no memory for a thread
  std::string store_name;
  std::string url, metrics_url; // of the listeners, also when those are gone
  bool draining = false, over = false;
  int code = exit_code::fine;

  explicit impl(service_options x) : what(std::move(x)), running(what.settings) {}
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;
  ~impl() { dismantle(); }

  bool start(start_failure& why);
  int run();
  void take_signals();
  void drain();
  void drained();
  void supervisor_ended(bool in_order);
  void dismantle();
  void reload(std::function<void(admin::reload_answer)> done);
  void watch_files();
  void files_changed(const std::vector<std::string>& changed);
  void read_secrets();
  void secrets_resolved(const config::resolution& next);
  void use(const config::settings& next);
  void reloaded(const reload_outcome& x, const std::function<void(admin::reload_answer)>& done);
  bool take_guard(start_failure& why);
  bool open_listener(start_failure& why);
  bool open_metrics_listener(start_failure& why);
  bool start_gateway(std::shared_ptr<store_port> store, start_failure& why);
  void attach_listeners();
  admin::surroundings what_listeners_show();
  void notify_manager(const admin::supervisor_line& line);
  void notify_stop();

  void note(severity level, std::string_view id, std::initializer_list<log_field> fields) const noexcept {
    what.log->write(level, id, fields);
  }
};

bool service::impl::start(start_failure& why) {
  // From now on a signal waits for run() instead of killing a process that has begun to provision; as process
  // 1 of a container it would be lost for good.
  take_signals();
  release_signals();
  if (!take_guard(why)) return false;
  if (host::inherits_orphans()) orphans = std::make_unique<host::orphan_reaper>(io);
  // First of all: a second process of the same settings must learn that this one holds them.
  store_fault fault;
  auto store = open_store(running, what.state_reset, what.log, what.counts, fault);
  if (!store) {
    why = {fault.exit_code, fault.text};
    return false;
  }
  store_name = store->durable() ? "sqlite " + running.service.state_dir : "memory";
  // Before the gateway: without it nobody would learn how the rest goes, and a second gateway on one port
  // must stop here.
  if (!open_listener(why) || !open_metrics_listener(why)) return false;
  if (!start_gateway(std::move(store), why)) return false;
  files = std::make_unique<file_watch>(io, [this](const auto& x) { files_changed(x); });
  watch_files();
  pace = std::make_unique<heartbeat_timer>(io, *system, beats, [log = what.log] { log->tell_repeats(); });
  attach_listeners();
  return true;
}

bool service::impl::take_guard(start_failure& why) {
  try {
    guard = std::make_unique<exit_guard>();
    return true;
  } catch (const std::system_error& x) {
    why = {exit_code::failure, std::string{"no thread can be made ("} + x.what() + "); raise the limits"};
    return false;
  }
}

bool service::impl::open_listener(start_failure& why) {
  const auto& service = running.service;
  admin::listener_options where;
  where.host = service.listen_host;
  where.port = service.listen_port;
  where.token = service.admin_token;
  where.read_token = service.read_token;
  where.max_line = running.limits.max_frame;
  std::string error;
  listener = admin::listen(io, std::move(where), what_listeners_show(), error);
  if (!listener) {
    why = {exit_code::failure, error + "; choose another address with --listen or GATEWAY_LISTEN"};
    return false;
  }
  url = listener->url();
  return true;
}

bool service::impl::start_gateway(std::shared_ptr<store_port> store, start_failure& why) {
  actor_setup = actor_config(running.service.scheduler, io);
  system = std::make_unique<caf::actor_system>(*actor_setup);
  gateway_options tree;
  tree.settings = running;
  // An operator may say 0: at once.
  tree.settings.service.grace = std::max(running.service.grace, milliseconds{1});
  tree.log = what.log;
  tree.metrics = what.counts;
  tree.store = std::move(store);
  tree.io = &io;
  if (running.service.agent.kind == config::agent_kind::nats)
    tree.queue = workers =
        queue::make_nats_port({running.service.agent.argument, running.nats, running.service.tls});
  if (what.resolve) tree.source = source = make_settings_source(what.resolve);
  tree.origin = what.origin;
  std::string error;
  relay = gateway::start(*system, std::move(tree), error);
  if (!relay) {
    why = {exit_code::configuration, error};
    return false;
  }
  caf::actor_cast<caf::abstract_actor*>(relay->supervisor())
      ->attach_functor([this](const caf::error& reason) {
        auto in_order = reason == caf::exit_reason::user_shutdown;
        boost::asio::post(io, [this, in_order] { supervisor_ended(in_order); });
      });
  return true;
}

void service::impl::attach_listeners() {
  admin::target target{{*system, relay->supervisor()}, {}, {}, {}, {}, {}, store_name};
  target.agents = [this] { return relay->link_agent(); };
  target.reload = [this](std::function<void(admin::reload_answer)> done) { reload(std::move(done)); };
  target.drain = [this] { drain(); };
  target.action_limit = action_limit(running.limits);
  target.sleep_limit = sleep_limit(running.limits);
  if (metrics_listener) metrics_listener->attach({target.supervisor, {}, {}, {}, {}, {}, store_name});
  notify_manager(target.supervisor);
  listener->attach(std::move(target));
}

bool service::impl::open_metrics_listener(start_failure& why) {
  const auto& service = running.service;
  if (service.metrics_host.empty()) return true;
  admin::listener_options where;
  where.host = service.metrics_host;
  where.port = service.metrics_port;
  where.read_token = service.read_token;
  where.read_only = true;
  std::string error;
  metrics_listener = admin::listen(io, std::move(where), what_listeners_show(), error);
  if (!metrics_listener) {
    why = {exit_code::failure,
           error + "; choose another address with --metrics-listen or GATEWAY_METRICS_LISTEN"};
    return false;
  }
  metrics_url = metrics_listener->url();
  return true;
}

admin::surroundings service::impl::what_listeners_show() {
  return {what.counts.get(), &beats, what.log.get(),
          [log = what.log](std::size_t limit) { return log->recent(limit); },
          [log = what.log](std::uint64_t seen) { return log->recent_after(seen); }};
}

/// Notifies the service manager once the io_context runs: only then requests are served.
void service::impl::notify_manager(const admin::supervisor_line& line) {
  if (!what.manager) return;
  auto report = [line](std::function<void(const gateway_report*)> done) {
    line.report(report_limit, std::move(done));
  };
  notifier = std::make_unique<host::service_notifier>(
      io, std::move(what.manager), host::notifier_sources{&beats, what.log.get(), std::move(report)});
  boost::asio::post(io, [this] { notifier->started(); });
}

void service::impl::notify_stop() {
  if (notifier) notifier->stopping(running.service.grace + overtime);
}

int service::impl::run() {
  note(severity::info, "service.started",
       {{"version", std::string{version()}}, {"listening", url}, {"store", store_name}});
  run_until(over, io, *what.log);
  dismantle();
  note(severity::info, "service.stopped", {{"exit_code", code}});
  return code;
}

void service::impl::take_signals() {
  signals = std::make_unique<service_signals>(
      io, what.log,
      signal_handlers{[this] { drain(); }, [this] { reload(nullptr); },
                      [this] { post(relay->supervisor(), command::reconnect); }});
}

void service::impl::reload(std::function<void(admin::reload_answer)> done) {
  if (notifier) notifier->reloading();
  relay->reload([this, done = std::move(done)](const reload_outcome* x) {
    auto outcome = x != nullptr ? *x : reload_outcome{};
    boost::asio::post(io, [this, done, outcome = std::move(outcome)] { reloaded(outcome, done); });
  });
}

void service::impl::reloaded(const reload_outcome& x, const std::function<void(admin::reload_answer)>& done) {
  admin::reload_answer answer{x.settings != nullptr, x.problems};
  if (!answer.accepted && answer.problems.empty()) answer.problems = {"the gateway does not answer"};
  if (answer.accepted) {
    use(*x.settings);
    watch_files();
    for (auto& key : x.waiting_for_restart) {
      auto line = key + " changed; that takes effect at the next start";
      note(severity::warn, "reload.needs_restart", {{"what", line}});
      answer.problems.push_back(std::move(line));
    }
  }
  if (notifier) notifier->reloaded(answer.accepted || answer.problems.empty() ? "" : answer.problems.front());
  if (done) done(std::move(answer));
}

void service::impl::use(const config::settings& next) {
  running = next;
  what.log->configure(running.service.log_level, running.service.format);
  if (listener) listener->use_tokens(running.service.admin_token, running.service.read_token);
  if (metrics_listener) metrics_listener->use_tokens({}, running.service.read_token);
}

/// What changed between the settings' reading and the beginning of the watch is found by reading once more.
void service::impl::watch_files() {
  if (files && what.files) files->watch(what.files(), [this] { read_secrets(); });
}

/// Tokens and TLS files are read at each use. A secret that became part of the settings is read anew.
void service::impl::files_changed(const std::vector<std::string>& changed) {
  for (auto& path : changed)
    note(severity::info, "files.changed", {{"file", path}, {"next", "used at the next dial"}});
  read_secrets();
}

void service::impl::read_secrets() {
  if (!source || draining) return;
  source->resolve([this](config::resolution next) {
    boost::asio::post(io, [this, next = std::move(next)] { secrets_resolved(next); });
  });
}

void service::impl::secrets_resolved(const config::resolution& next) {
  if (draining) return;
  if (auto fault = core::reload_fault(next, what.origin.problems, what.origin.config_found); !fault.empty()) {
    note(severity::warn, "files.refused", {{"why", fault}, {"next", "the running secrets stay"}});
    return;
  }
  auto merged = with_file_secrets(running, next);
  if (merged == running) return;
  use(merged);
  post(relay->supervisor(), std::make_shared<const config::settings>(merged));
}

void service::impl::drain() {
  if (std::exchange(draining, true)) return;
  notify_stop();
  guard->arm(running.service.grace + overtime, exit_code::fine);
  relay->drain([this] { boost::asio::post(io, [this] { drained(); }); });
}

void service::impl::supervisor_ended(bool in_order) {
  if (draining) return; // the end of the last actor, and of a child process, is told by itself
  draining = true;
  notify_stop();
  if (!in_order) { // else it drained by itself: gateway.idle with action exit
    code = exit_code::failure;
    note(severity::error, "service.supervisor_died",
         {{"next", "the process ends with 1, to be started again"}});
  }
  drained();
}

void service::impl::drained() {
  if (std::exchange(over, true)) return;
  farewell.expires_after(last_answers);
  farewell.async_wait([this](const error_code&) {
    listener->stop();
    if (metrics_listener) metrics_listener->stop();
    boost::asio::post(io, [this] { io.stop(); });
  });
}

/// The end, in order, on the thread that ran the io_context: the listener, the actors, their system.
void service::impl::dismantle() {
  if (!system) return;
  metrics_listener.reset();
  notifier.reset(); // as the listener
  listener.reset(); // holds a line to the supervisor, so it goes before the actors' system
  files.reset();
  source.reset(); // ends its thread
  if (pace) pace->stop();
  relay.reset();
  net::drain_actors(*system);
  system.reset();
}

service::service(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
service::~service() = default;

std::unique_ptr<service> service::start(service_options what, start_failure& why) {
  auto inner = std::make_unique<impl>(std::move(what));
  if (!inner->start(why)) return nullptr;
  return std::unique_ptr<service>{new service(std::move(inner))};
}

std::string service::url() const { return impl_->url; }
std::string service::metrics_url() const { return impl_->metrics_url; }
int service::run() { return impl_->run(); }
void service::drain() {
  boost::asio::post(impl_->io, [x = impl_.get()] { x->drain(); });
}

} // namespace relay
