#include "relay_gateway/app/fleet/fleet_service.hpp"

#include "relay_gateway/actors/boot/core/reload_check.hpp"
#include "relay_gateway/app/files/file_secrets.hpp"
#include "relay_gateway/app/files/file_watch.hpp"
#include "relay_gateway/app/health/heartbeat_timer.hpp"
#include "relay_gateway/app/host/orphan_reaper.hpp"
#include "relay_gateway/app/host/service_notifier.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/service_parts.hpp"
#include "relay_gateway/app/settings_source.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/config/render.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <exception>
#include <sys/resource.h>
#include <system_error>
#include <utility>

namespace relay::fleet {

namespace {

using boost::system::error_code;

constexpr milliseconds last_answers{50};

/// Each gateway has a socket and the files of its store.
void raise_descriptor_limit() {
  struct rlimit x {};
  if (::getrlimit(RLIMIT_NOFILE, &x) != 0 || x.rlim_cur == x.rlim_max) return;
  x.rlim_cur = x.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &x);
}

} // namespace

// Members go from last to first: what is above is used by what is below.
struct fleet_service::impl {
  fleet_service_options what;
  liveness_monitor beats;
  boost::asio::io_context io{1};
  std::unique_ptr<admin::server> listener, metrics_listener; ///< the second is null when none is set
  std::unique_ptr<caf::actor_system_config> actor_setup;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<running_fleet> gateways;
  std::unique_ptr<heartbeat_timer> pace;
  std::shared_ptr<settings_port> source;
  std::unique_ptr<file_watch> files;                ///< those that the process's own secrets were read from
  std::unique_ptr<host::service_notifier> notifier; ///< null: no service manager listens
  std::unique_ptr<host::orphan_reaper> orphans;     ///< null: somebody else is process 1
  std::unique_ptr<service_signals> signals;
  boost::asio::steady_timer farewell{io};
  std::unique_ptr<exit_guard> guard;
  std::string url, metrics_url;
  bool draining = false, over = false;

  explicit impl(fleet_service_options x) : what(std::move(x)) {}
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;
  ~impl() { dismantle(); }

  void note(severity level, std::string_view id, std::initializer_list<log_field> fields) const noexcept {
    what.log->write(level, id, fields);
  }

  bool start(start_failure& why) {
    raise_descriptor_limit();
    signals = std::make_unique<service_signals>(
        io, what.log,
        signal_handlers{[this] { drain(); }, [this] { reload(nullptr); }, [this] { gateways->reconnect(); }});
    release_signals();
    try {
      guard = std::make_unique<exit_guard>();
    } catch (const std::system_error& x) {
      why = {exit_code::failure, std::string{"no thread can be made ("} + x.what() + "); raise the limits"};
      return false;
    }
    if (host::inherits_orphans()) orphans = std::make_unique<host::orphan_reaper>(io);
    if (!open_listeners(why)) return false;
    actor_setup = actor_config(what.settings.service.scheduler, io);
    system = std::make_unique<caf::actor_system>(*actor_setup);
    pace = std::make_unique<heartbeat_timer>(io, *system, beats, [log = what.log] { log->tell_repeats(); });
    follow_files();
    make_fleet();
    return true;
  }

  void follow_files() {
    source = make_settings_source([from = what.resolver] { return from.resolve(); });
    files = std::make_unique<file_watch>(io, [this](const auto& changed) { files_changed(changed); });
    watch_files();
  }

  /// What changed between the settings' reading and the beginning of the watch is found by reading once more.
  void watch_files() {
    if (files) files->watch(what.resolver.files(), [this] { read_tokens(); });
  }

  /// The listener's tokens alone are the process's own; gateways follow the files of theirs.
  void files_changed(const std::vector<std::string>& changed) {
    if (draining) return;
    for (const auto& path : changed)
      note(severity::info, "files.changed",
           {{"file", path}, {"next", "the listener's tokens are read anew"}});
    read_tokens();
  }

  void read_tokens() {
    if (draining) return;
    source->resolve([this](config::resolution next) {
      boost::asio::post(io, [this, next = std::move(next)] {
        if (draining) return;
        if (const auto fault = core::reload_fault(next, what.origin.problems, what.origin.config_found);
            !fault.empty())
          return note(severity::warn, "files.refused",
                      {{"why", fault}, {"next", "the running secrets stay"}});
        use_tokens(with_file_secrets(what.settings, next));
      });
    });
  }

  void use_tokens(const config::settings& next) {
    what.settings = next;
    const auto& service = next.service;
    listener->use_tokens(service.admin_token, service.read_token);
    if (metrics_listener) metrics_listener->use_tokens({}, service.read_token);
  }

  bool open_listeners(start_failure& why) {
    const auto& service = what.settings.service;
    admin::listener_options where;
    where.host = service.listen_host;
    where.port = service.listen_port;
    where.token = service.admin_token;
    where.read_token = service.read_token;
    where.max_line = what.settings.limits.max_frame;
    std::string error;
    listener = admin::listen(io, std::move(where), surroundings(), error);
    if (!listener) {
      why = {exit_code::failure, error + "; choose another address with --listen or GATEWAY_LISTEN"};
      return false;
    }
    url = listener->url();
    if (service.metrics_host.empty()) return true;
    admin::listener_options metrics;
    metrics.host = service.metrics_host;
    metrics.port = service.metrics_port;
    metrics.read_token = service.read_token;
    metrics.read_only = true;
    metrics_listener = admin::listen(io, std::move(metrics), surroundings(), error);
    if (!metrics_listener) {
      why = {exit_code::failure,
             error + "; choose another address with --metrics-listen or GATEWAY_METRICS_LISTEN"};
      return false;
    }
    metrics_url = metrics_listener->url();
    return true;
  }

  admin::surroundings surroundings() {
    return {nullptr, &beats, what.log.get(),
            [log = what.log](std::size_t limit) { return log->recent(limit); },
            [log = what.log](std::uint64_t seen) { return log->recent_after(seen); }};
  }

  void make_fleet() {
    fleet_options options;
    options.directory = what.directory;
    options.common = what.settings;
    options.process = what.process;
    options.log = what.log;
    options.counts = what.counts;
    options.beats = &beats;
    options.over = [this] { drained(); };
    gateways = std::make_unique<running_fleet>(io, *system, std::move(options));
    auto target = gateways->target([this] { drain(); });
    target.reload = [this](std::function<void(admin::reload_answer)> done) { reload(std::move(done)); };
    if (metrics_listener) metrics_listener->attach(target);
    listener->attach(std::move(target));
    notify_manager();
    boost::asio::post(io, [this] {
      if (!draining) gateways->start();
    });
  }

  /// The service manager is notified once the io_context runs: only then the service answers.
  void notify_manager() {
    if (!what.manager) return;
    auto report = [this](const std::function<void(const gateway_report*)>& done) {
      gateway_report x;
      x.link.reason = summary(gateways->report());
      done(&x);
    };
    notifier = std::make_unique<host::service_notifier>(
        io, std::move(what.manager), host::notifier_sources{&beats, what.log.get(), std::move(report)});
    boost::asio::post(io, [this] { notifier->started(); });
  }

  /// The process's own settings first: a bad one of these keeps no gateway from being reloaded.
  void reload(const std::function<void(admin::reload_answer)>& done) {
    if (notifier) notifier->reloading();
    source->resolve([this, done](config::resolution found) {
      boost::asio::post(io, [this, done, found = std::move(found)] { resolved(found, done); });
    });
  }

  void resolved(const config::resolution& found, const std::function<void(admin::reload_answer)>& done) {
    if (draining) return;
    std::vector<std::string> problems;
    for (const auto& x : found.problems)
      if (!x.warning) problems.push_back(to_string(x));
    const bool usable = !config::stops_run(found);
    if (usable) {
      const auto& service = found.values.service;
      what.log->configure(service.log_level, service.format);
      auto next = what.settings;
      next.service.admin_token = service.admin_token;
      next.service.read_token = service.read_token;
      use_tokens(next);
      what.origin = {found.problems, found.config_found};
      watch_files();
    } else {
      note(severity::error, "reload.refused",
           {{"why", problems.empty() ? "" : problems.front()}, {"next", "the process's own settings stay"}});
    }
    gateways->reload([this, done, usable, problems](admin::reload_answer x) {
      x.accepted = x.accepted && usable;
      x.problems.insert(x.problems.begin(), problems.begin(), problems.end());
      if (notifier) notifier->reloaded(x.accepted || x.problems.empty() ? "" : x.problems.front());
      if (done) done(std::move(x));
    });
  }

  void drain() {
    if (std::exchange(draining, true)) return;
    if (notifier) notifier->stopping(what.settings.service.grace + overtime);
    guard->arm(what.settings.service.grace + overtime, exit_code::fine);
    gateways->drain();
  }

  void drained() {
    if (std::exchange(over, true)) return;
    farewell.expires_after(last_answers);
    farewell.async_wait([this](const error_code&) {
      listener->stop();
      if (metrics_listener) metrics_listener->stop();
      boost::asio::post(io, [this] { io.stop(); });
    });
  }

  int run() {
    note(severity::info, "service.started",
         {{"version", std::string{version()}}, {"listening", url}, {"fleet", what.directory}});
    run_until(over, io, *what.log);
    dismantle();
    note(severity::info, "service.stopped", {{"exit_code", int{exit_code::fine}}});
    return exit_code::fine;
  }

  /// In order, on the thread that ran the io_context: the listeners, the gateways, their actor system.
  void dismantle() {
    if (!system) return;
    metrics_listener.reset();
    notifier.reset();
    listener.reset();
    files.reset();
    source.reset(); // ends its thread
    if (pace) pace->stop();
    gateways.reset();
    net::drain_actors(*system);
    system.reset();
  }
};

fleet_service::fleet_service(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
fleet_service::~fleet_service() = default;

std::unique_ptr<fleet_service> fleet_service::start(fleet_service_options what, start_failure& why) {
  auto inner = std::make_unique<impl>(std::move(what));
  if (!inner->start(why)) return nullptr;
  return std::unique_ptr<fleet_service>{new fleet_service(std::move(inner))};
}

std::string fleet_service::url() const { return impl_->url; }
std::string fleet_service::metrics_url() const { return impl_->metrics_url; }
int fleet_service::run() { return impl_->run(); }

} // namespace relay::fleet
