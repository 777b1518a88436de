#include "relay_gateway/app/commands/run.hpp"

#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/files/file_secrets.hpp"
#include "relay_gateway/app/fleet/directory.hpp"
#include "relay_gateway/app/fleet/fleet_service.hpp"
#include "relay_gateway/app/host/orphan_reaper.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/app/service.hpp"
#include "relay_gateway/config/fleet.hpp"
#include "relay_gateway/config/render.hpp"

#include <malloc.h>
#include <memory>
#include <unistd.h>
#include <utility>

namespace relay::commands {

namespace {

/// Every problem that does not stop us, in one clear line each; those that do have been told already.
void report(configurable_log& log, const config::resolution& found) {
  for (const auto& x : found.problems)
    log.write(severity::warn, "config.problem", {{"problem", to_string(x)}});
  log.write(severity::info, "config.loaded",
            {{"config_file", found.config_found ? found.config_path : "none"},
             {"problems", found.problems.size()}});
}

/// Each file of a directory a gateway.
int run_fleet(const setting_options& from, const watching_resolver& resolver, const config::resolution& found,
              const std::string& directory, std::unique_ptr<host::service_manager> manager) {
  if (auto seen = fleet::read_directory(directory); !seen.error.empty())
    return fail(exit_code::configuration,
                seen.error + "; --fleet and GATEWAY_FLEET name a directory of YAML files");
  ignore_broken_pipes();
  ::mallopt(M_ARENA_MAX, 2); // each store has a thread, and what one of them frees all others should find
  fleet::fleet_service_options what;
  what.directory = directory;
  what.settings = found.values;
  what.log = make_log(make_descriptor_output(STDERR_FILENO), found.values.service.log_level,
                      found.values.service.format);
  what.counts = std::make_shared<fleet_metrics>();
  what.counts->watch({"relay_gateway_log_lines_dropped_total", "Log lines that nobody took in time.", "", ""},
                     [log = what.log] { return log->dropped(); });
  what.manager = std::move(manager);
  what.process = [from] { return config::process_sources(from.flags, from.config_file); };
  what.resolver = resolver;
  what.origin = {found.problems, found.config_found};
  report(*what.log, found);
  start_failure why;
  auto service = fleet::fleet_service::start(std::move(what), why);
  if (!service) return fail(why.exit_code, why.text);
  print("listening on " + service->url() + "\n");
  if (auto url = service->metrics_url(); !url.empty()) print("metrics on " + url + "\n");
  return service->run();
}

} // namespace

int run(const setting_options& from, bool state_reset) {
  hold_signals(); // until the service has taken them
  if (host::inherits_orphans()) host::hold_child_signals();
  auto manager = host::service_manager::take_from_environment();
  const watching_resolver resolver{[from] { return config::process_sources(from.flags, from.config_file); }};
  auto found = resolver.resolve();
  if (config::stops_run(found)) {
    for (const auto& x : found.problems)
      if (x.fatal_for_run) complain(to_string(x));
    return exit_code::configuration;
  }
  const auto fleet = config::fleet_directory(found, config::process_sources(from.flags, from.config_file));
  if (!fleet.empty()) {
    if (state_reset)
      return fail(exit_code::usage,
                  "--state-reset is for one gateway: run it with --config, without --fleet");
    return run_fleet(from, resolver, found, fleet, std::move(manager));
  }
  ignore_broken_pipes();
  service_options what;
  what.settings = found.values;
  what.log = make_log(make_descriptor_output(STDERR_FILENO), found.values.service.log_level,
                      found.values.service.format);
  what.counts = std::make_shared<metrics>();
  what.counts->watch({"relay_gateway_log_lines_dropped_total", "Log lines that nobody took in time.", "", ""},
                     [log = what.log] { return log->dropped(); });
  what.manager = std::move(manager);
  what.resolve = [resolver] { return resolver.resolve(); };
  what.files = [resolver] { return resolver.files(); };
  what.state_reset = state_reset;
  what.origin = {found.problems, found.config_found};
  what.counts->set(gauge::config_hash, config::digest(found));
  report(*what.log, found);
  start_failure why;
  auto service = service::start(std::move(what), why);
  if (!service) return fail(why.exit_code, why.text);
  print("listening on " + service->url() + "\n");
  if (auto url = service->metrics_url(); !url.empty()) print("metrics on " + url + "\n");
  return service->run();
}

} // namespace relay::commands
