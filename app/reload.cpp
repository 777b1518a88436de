#include "relay_gateway/app/reload.hpp"

#include <algorithm>
#include <string_view>

namespace relay {

namespace {

/// A file as a whole could not be used, as opposed to one value in it.
bool loses_a_file(const config::problem& x) {
  return x.key == "config file" || (x.key == ".env" && x.applied == "treated as empty");
}

} // namespace

std::string reload_fault(const config::resolution& next, const std::vector<config::problem>& before,
                         bool file_was_there) {
  // What was wrong then, too, has its rule applied: it bars no other change. Lines may have moved.
  const auto known = [&](const config::problem& x) {
    return std::any_of(before.begin(), before.end(),
                       [&](const auto& y) { return x.key == y.key && x.reason == y.reason; });
  };
  for (auto x : next.problems) {
    if (x.warning) continue;
    if (!x.fatal_for_run && !loses_a_file(x) && known(x)) continue;
    x.applied = "the running settings stay";
    return to_string(x);
  }
  if (file_was_there && !next.config_found) return next.config_path + ": the config file is gone";
  return {};
}

std::vector<std::string> needs_restart(const config::settings& running, const config::settings& next) {
  std::vector<std::string> result;
  auto compare = [&](std::string_view key, bool same) {
    if (!same) result.push_back(std::string{key} + " changed; that takes effect at the next start");
  };
  const auto &a = running.service, &b = next.service;
  compare("gateway.listen", a.listen_host == b.listen_host && a.listen_port == b.listen_port);
  compare("gateway.metrics_listen", a.metrics_host == b.metrics_host && a.metrics_port == b.metrics_port);
  compare("gateway.agent", a.agent == b.agent);
  compare("gateway.state_dir", a.state_dir == b.state_dir);
  compare("gateway.scheduler", a.scheduler == b.scheduler);
  compare("gateway.reactions", a.reactions == b.reactions);
  compare("session isolation", a.group_sessions_per_user == b.group_sessions_per_user &&
                                   a.thread_sessions_per_user == b.thread_sessions_per_user);
  compare("gateway.slack", running.slack == next.slack);
  compare("gateway.prompts.approval_by", running.prompts.approval_by == next.prompts.approval_by);
  compare("gateway.limits", running.limits == next.limits);
  compare("gateway.tls", a.tls == b.tls);
  compare("the proxy", a.proxy == b.proxy);
  return result;
}

} // namespace relay
