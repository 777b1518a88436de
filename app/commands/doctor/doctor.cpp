#include "relay_gateway/app/commands/doctor/doctor.hpp"

#include "relay_gateway/app/commands/doctor/bundle.hpp"
#include "relay_gateway/app/commands/doctor/doctor_link.hpp"
#include "relay_gateway/app/commands/doctor/doctor_local.hpp"
#include "relay_gateway/app/commands/doctor/doctor_model.hpp"
#include "relay_gateway/app/commands/doctor/doctor_queue.hpp"
#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/files/shared_file.hpp"
#include "relay_gateway/app/fleet/directory.hpp"
#include "relay_gateway/app/fleet/gateway_source.hpp"
#include "relay_gateway/app/log/log.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/app/net/dial/reloading_port.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/app/system_ports.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/config/fleet.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <unistd.h>

namespace relay::commands {

namespace {

constexpr milliseconds running_limit{3'000};

finding check_settings(const config::resolution& x) {
  if (x.problems.empty())
    return {"settings",
            verdict::fine,
            x.config_found ? x.config_path : "no config file; environment and defaults",
            {}};
  auto first = to_string(x.problems.front());
  auto more = x.problems.size() - 1;
  return {"settings", config::stops_run(x) ? verdict::failed : verdict::warning,
          first + (more > 0 ? " (and " + std::to_string(more) + " more)" : ""),
          "relay-gateway check lists every problem"};
}

/// The gateway that runs here with these settings, if any.
struct neighbour {
  finding what;
  bool runs = false, connected = false;
  findings refused{}; ///< what it was told when it provisioned
};

/// Only the running gateway tries identity tokens: whoever provisions a second time would replace its
/// credentials.
findings refusals_of(const wire::json::value& status) {
  findings out;
  const auto* platforms = wire::json::array(status, "platforms");
  if (platforms == nullptr) return out;
  for (const auto& x : platforms->GetArray()) {
    const auto name = wire::json::text(x, "name");
    if (auto why = wire::json::text(x, "provisioning_error"); !why.empty())
      out.push_back({"provision", verdict::failed, name + ": " + why,
                     "when it names 401 or 403, the identity token is refused: check the login, "
                     "GATEWAY_RELAY_ACCESS_TOKEN or GATEWAY_RELAY_IDP_*"});
    if (auto why = wire::json::text(x, "policy_error"); !why.empty())
      out.push_back({"policy", verdict::warning, name + ": " + why, "see the connector's log"});
  }
  return out;
}

neighbour check_running(const setting_options& from) {
  auto answer = look_at_gateway(from, "/v1/status", running_limit);
  if (answer.status == 0) return {{"gateway", verdict::skipped, "none runs here with these settings", {}}};
  if (answer.status == 404 && !from.gateway.empty())
    return {{"gateway", verdict::skipped, "the process that runs here has none of that name", {}}};
  wire::json::document doc;
  auto readable = answer.status == 200 && doc.parse(answer.body.reveal()) && doc.root().IsObject();
  auto state = readable ? wire::json::text(doc.root(), "state") : std::string{};
  if (state.empty())
    return {{"gateway", verdict::warning,
             "something else than this gateway answers at its listener (HTTP status " +
                 std::to_string(answer.status) + ")",
             "check --listen, GATEWAY_READ_TOKEN and GATEWAY_ADMIN_TOKEN"}};
  auto reason = wire::json::text(doc.root(), "reason");
  if (!from.gateway.empty() && wire::json::text(doc.root(), "store").empty())
    return {
        {"gateway",
         state == "failed" ? verdict::failed : verdict::warning,
         "the fleet that runs here has it, and it is " + state + (reason.empty() ? "" : " (" + reason + ")"),
         {}}};
  auto bad = state == "disabled" || state == "waiting";
  return {{"gateway",
           bad ? verdict::warning : verdict::fine,
           "one runs here and is " + state + (reason.empty() ? "" : " (" + reason + ")"),
           {}},
          true,
          state == "connected",
          refusals_of(doc.root())};
}

/// What the checks need of the world: no sockets to the connector but their own, no store.
ports doctor_ports(net::io_thread& io, const net::client_options& how) {
  ports out;
  out.http = net::make_reloading_http_port(io.context(), how);
  out.link = net::make_reloading_link_port(io.context(), how);
  out.files = make_file_port(io.context());
  out.clock = make_system_clock();
  out.random = make_system_random();
  out.secrets = make_secret_files();
  out.log = make_log(make_descriptor_output(STDERR_FILENO), "error", config::log_format::text);
  out.metrics = std::make_shared<metrics>();
  return out;
}

findings examine(const setting_options& from, const config::resolution& found) {
  findings out;
  const auto& settings = found.values;
  out.push_back(check_settings(found));
  auto here = check_running(from);
  out.push_back(here.what);
  out.insert(out.end(), here.refused.begin(), here.refused.end());
  net::io_thread io;
  net::client_options how;
  how.tls = settings.service.tls;
  how.proxy = settings.service.proxy;
  how.user_agent = "relay-gateway/" + std::string{version()};
  auto env = doctor_ports(io, how);
  if (settings.service.agent.kind == config::agent_kind::openai)
    out.push_back(check_model(io.context(), how, env, settings));
  auto queue = check_queue(settings);
  out.insert(out.end(), queue.begin(), queue.end());
  auto urls = wire::derive_urls(settings.relay.url);
  if (settings.relay.vetoed || !urls.valid()) {
    out.push_back(
        {"relay", verdict::failed,
         settings.relay.vetoed ? "platforms.relay.enabled turns the relay off" : "no relay URL is set",
         settings.relay.vetoed ? "set it to true" : "set GATEWAY_RELAY_URL"});
    out.push_back(check_state_dir(settings.service.state_dir, here.runs));
    return out;
  }
  auto way = probe_dial(io.context(), how, urls.dial, settings.limits.handshake_timeout);
  auto reached = all_well(way);
  out.insert(out.end(), way.begin(), way.end());
  auto base = urls.provision.substr(0, urls.provision.rfind('/'));
  out.push_back(reached ? check_clock(*env.http, *env.clock, base, settings.limits.http_timeout)
                        : finding{"clock", verdict::skipped, "the connector cannot be reached", {}});
  out.push_back(check_tokens(env, settings));
  if (!reached)
    out.push_back({"websocket", verdict::skipped, "the connector cannot be reached", {}});
  else if (here.connected) // a second connection in its name could displace it (F21)
    out.push_back({"websocket", verdict::fine, "the running gateway is connected", {}});
  else
    out.push_back(check_upgrade(*env.link, *env.clock, settings, urls.dial));
  out.push_back(check_state_dir(settings.service.state_dir, here.runs));
  return out;
}

fleet_findings examine_fleet(const setting_options& from, const config::resolution& common,
                             const std::string& directory) {
  fleet_findings out;
  out.process.push_back(check_settings(common));
  const auto seen = fleet::read_directory(directory);
  if (!seen.error.empty()) {
    out.process.push_back(
        {"fleet", verdict::failed, seen.error, "--fleet and GATEWAY_FLEET name a directory"});
    return out;
  }
  out.process.push_back({"fleet",
                         verdict::fine,
                         directory + " has " + std::to_string(seen.files.names.size()) + " gateways",
                         {}});
  for (const auto& x : seen.files.refused)
    out.process.push_back({"fleet", verdict::failed, directory + "/" + x.file + ": " + x.reason, {}});
  if (!from.gateway.empty() && seen.files.names.count(from.gateway) == 0)
    out.process.push_back({"fleet", verdict::failed, "no file there is " + from.gateway, {}});
  auto one = from;
  for (const auto& [name, file] : seen.files.names) {
    if (!from.gateway.empty() && name != from.gateway) continue;
    one.gateway = name;
    const auto found = fleet::for_gateway(
        config::resolve_file_first(fleet::sources_of(config::process_sources(from.flags, from.config_file),
                                                     common.values, name, directory + "/" + file)),
        common.values);
    auto all = examine(one, found);
    // What a process alone starts without is no gateway of a fleet.
    if (auto fault = fleet::file_fault(found); !fault.empty())
      all.front() = {"settings", verdict::failed, std::move(fault),
                     "relay-gateway check --fleet lists every problem"};
    out.gateways.emplace_back(name, std::move(all));
  }
  return out;
}

/// Shows what was found, and writes the bundle.
template <class Findings>
int tell(const setting_options& from, const doctor_options& how, const Findings& all) {
  print(how.json ? findings_json(all) : findings_text(all));
  if (!how.bundle.empty()) {
    if (auto why = write_bundle(how.bundle, from, findings_json(all)); !why.empty())
      return fail(exit_code::failure, why);
    if (!how.json)
      print("bundle written to " + how.bundle + "; it names hosts and chats, and holds no secret\n");
  }
  return all_well(all) ? exit_code::fine : exit_code::failure;
}

} // namespace

int doctor(const setting_options& from, const doctor_options& how) {
  const auto sources = config::process_sources(from.flags, from.config_file);
  const auto found = config::resolve(sources);
  const auto directory = config::fleet_directory(found, sources);
  if (directory.empty() && !from.gateway.empty())
    return fail(exit_code::usage, "--gateway is one of a fleet: name its directory with --fleet");
  if (directory.empty()) return tell(from, how, examine(from, found));
  return tell(from, how, examine_fleet(from, found, directory));
}

} // namespace relay::commands
