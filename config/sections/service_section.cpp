#include "relay_gateway/config/sections/service_section.hpp"

#include "relay_gateway/config/sections/commands_section.hpp"
#include "relay_gateway/config/sections/proxy_section.hpp"
#include "relay_gateway/config/sections/tls_section.hpp"
#include "relay_gateway/config/sources/command_line.hpp"
#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/config/values/addresses/listener.hpp"
#include "relay_gateway/config/values/agent_choice.hpp"
#include "relay_gateway/config/values/hold.hpp"
#include "relay_gateway/config/values/plain_rows.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/config/values/units.hpp"

#include <utility>

namespace relay::config {

namespace {

/// One of a few words. The first name of a value is the one that is shown.
template <class T>
using words = std::vector<std::pair<std::string, T>>;

template <class T>
T choice(reading& in, const entry& x, T fallback, const words<T>& known) {
  auto parse = [&](const std::string& text) {
    std::string names;
    for (const auto& [name, value] : known) {
      if (lowered(text) == name) return parsed<T>::good(value);
      names += (names.empty() ? "" : ", ") + name;
    }
    return parsed<T>::bad("is none of " + names);
  };
  auto show = [&](const T& used) {
    for (const auto& [name, value] : known)
      if (value == used) return name;
    return std::string{};
  };
  return in.value(x, fallback, parse, show);
}

const words<std::string> levels{{"trace", "trace"},       {"debug", "debug"},  {"info", "info"},
                                {"warn", "warn"},         {"warning", "warn"}, {"error", "error"},
                                {"critical", "critical"}, {"off", "off"}};
const words<log_format> formats{
    {"auto", log_format::automatic}, {"text", log_format::text}, {"json", log_format::json}};
const words<idle_action> idle_actions{{"dormant", idle_action::dormant}, {"exit", idle_action::exit}};
const words<approval_by> approvers{{"asker", approval_by::asker}, {"anyone", approval_by::anyone}};
const words<scheduler_kind> schedulers{{"io", scheduler_kind::io}, {"pool", scheduler_kind::pool}};

void read_listener(reading& in, service_settings& into) {
  const listener standard{into.listen_host, into.listen_port};
  auto listen =
      in.value(keys::listen, standard, parse_listener, [](const listener& x) { return to_string(x); });
  into.admin_token = in.hidden(keys::admin_token);
  if (!is_loopback(listen.host) && into.admin_token.empty()) {
    // Whoever goes on in spite of the fatal problem gets a listener that only this machine reaches.
    listen.host = standard.host;
    in.wrong(keys::listen.key, in.where(keys::listen),
             "is reachable from other machines, and there is no admin token (GATEWAY_ADMIN_TOKEN)",
             "run stops", true);
    in.revert(keys::listen, to_string(listen));
  }
  into.listen_host = listen.host;
  into.listen_port = listen.port;
}

/// Off when it is not set.
void read_metrics_listener(reading& in, service_settings& into) {
  into.read_token = in.hidden(keys::read_token);
  const auto listen = in.value(keys::metrics_listen, listener{}, parse_listener, [](const listener& x) {
    return x.host.empty() ? std::string{} : to_string(x);
  });
  into.metrics_host = listen.host;
  into.metrics_port = listen.port;
}

agent_settings read_agent(reading& in) {
  const agent_settings standard;
  auto result = in.value(keys::agent, standard, parse_agent, shown_agent);
  if (result.kind != agent_kind::exec) return result;
  auto words = parse_command_line(result.argument);
  if (words.value) return result;
  // Nothing is a stand-in for a program that was meant otherwise.
  in.wrong(keys::agent.key, in.where(keys::agent), "is a command line that " + words.reason, "run stops",
           true);
  in.revert(keys::agent, shown_agent(standard));
  return standard;
}

std::string read_state_dir(reading& in) {
  auto home = hermes_home(in.from());
  auto fallback = home.empty() ? std::string{} : beside(home + "/", "relay");
  // Without a word, what is under way would be lost at each restart.
  if (fallback.empty() && in.any(keys::state_dir).what == given::kind::nothing)
    in.wrong(keys::state_dir.key, keys::state_dir.variable,
             "is not set, and there is no home directory to keep state in",
             "set it to a directory, or to none to keep state in memory only", true);
  return in.value(
      keys::state_dir, fallback,
      [&](const std::string& text) {
        return parsed<std::string>::good(lowered(text) == "none" ? std::string{} : expanded(in.from(), text));
      },
      [](const std::string& used) { return used.empty() ? "none" : used; });
}

} // namespace

slack_settings read_slack(reading& in) {
  slack_settings result;
  read_rows(in, slack_rows, result);
  return result;
}

prompt_settings read_prompts(reading& in) {
  prompt_settings result;
  result.approval_by = choice(in, keys::prompts_approval_by, result.approval_by, approvers);
  return result;
}

service_settings read_service(reading& in) {
  service_settings result;
  result.agent = read_agent(in);
  read_listener(in, result);
  read_metrics_listener(in, result);
  result.state_dir = read_state_dir(in);
  result.log_level = choice(in, keys::log_level, result.log_level, levels);
  result.format = choice(in, keys::log_format, result.format, formats);
  result.scheduler = choice(in, keys::scheduler, result.scheduler, schedulers);
  result.grace = in.value(keys::grace, result.grace, parse_duration, duration_text);
  // 0 is the default and means never, so it is also what takes a file's value back.
  result.idle_after = in.value(keys::idle_after, result.idle_after, parse_duration, duration_text);
  result.idle_does = choice(in, keys::idle_action, result.idle_does, idle_actions);
  result.idle_hold = in.value(keys::idle_hold, result.idle_hold, parse_hold, duration_text);
  result.tls = read_tls(in);
  result.proxy = read_proxies(in);
  read_rows(in, session_rows, result);
  result.commands = read_commands(in);
  return result;
}

} // namespace relay::config
