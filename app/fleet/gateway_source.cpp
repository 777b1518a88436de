#include "relay_gateway/app/fleet/gateway_source.hpp"

#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/sources/read_file.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace relay::fleet {

namespace {

/// One listener, one log and one set of threads serve all gateways.
constexpr std::array of_process{&config::keys::listen,         &config::keys::admin_token,
                                &config::keys::read_token,     &config::keys::log_level,
                                &config::keys::metrics_listen, &config::keys::log_format,
                                &config::keys::scheduler,      &config::keys::grace};

bool is_of_process(std::string_view key) {
  return std::any_of(of_process.begin(), of_process.end(), [&](const auto* x) { return key == x->key; });
}

void use_common(config::service_settings& x, const config::service_settings& common) {
  x.listen_host = common.listen_host;
  x.listen_port = common.listen_port;
  x.admin_token = common.admin_token;
  x.read_token = common.read_token;
  x.metrics_host = common.metrics_host;
  x.metrics_port = common.metrics_port;
  x.log_level = common.log_level;
  x.format = common.format;
  x.scheduler = common.scheduler;
  x.grace = common.grace;
  // The environment is the process's: what other gateways' secrets are made of is not for this one's agent.
  x.secret_variables.insert(x.secret_variables.end(), common.secret_variables.begin(),
                            common.secret_variables.end());
}

/// `.env` is the process's as well: only the file itself counts.
bool is_set_in(const std::string& file, const config::effective& row) {
  return row.source.compare(0, file.size() + 1, file + ":") == 0;
}

} // namespace

config::sources sources_of(config::sources process, const config::settings& common, const std::string& name,
                           const std::string& path) {
  process.config_file = path;
  process.environment.erase("GATEWAY_CONFIG");
  process.environment.erase(config::keys::state_dir.variable);
  const auto& state = common.service.state_dir;
  process.flags[config::keys::state_dir.flag] = state.empty() ? "none" : state + "/" + name;
  process.hostname = process.hostname.empty() ? name : process.hostname + "-" + name;
  return process;
}

config::resolution for_gateway(config::resolution out, const config::settings& common) {
  // What is wrong with the process's own settings is told once, not by each gateway.
  const auto folder = out.config_path.substr(0, out.config_path.rfind('/') + 1);
  std::erase_if(out.problems, [&](const config::problem& x) {
    return x.where.compare(0, folder.size(), folder) != 0 || is_of_process(x.key);
  });
  for (const auto& row : out.listing)
    if (is_of_process(row.key) && is_set_in(out.config_path, row))
      out.problems.push_back({row.key, row.source, "belongs to the process, not to a gateway of a fleet",
                              "ignored; set it in the process's own settings", false, true});
  use_common(out.values.service, common.service);
  return out;
}

std::string file_fault(const config::resolution& x) {
  if (!x.config_found)
    return config::with_reason(x.config_path + ": cannot be read", {std::nullopt, x.config_fault});
  for (const auto& one : x.problems)
    if (one.fatal_for_run || (one.key == "config file" && one.applied == "treated as empty"))
      return to_string(one);
  return {};
}

} // namespace relay::fleet
