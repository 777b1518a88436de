#include "relay_gateway/config/sections/service_section.hpp"

#include "relay_gateway/config/sections/commands_section.hpp"
#include "relay_gateway/config/sections/proxy_section.hpp"
#include "relay_gateway/config/sections/tls_section.hpp"
#include "relay_gateway/config/sources/command_line.hpp"
#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/config/values/addresses/listener.hpp"
#include "relay_gateway/config/values/agent_choice.hpp"
#include "relay_gateway/config/values/rows.hpp"
#include "relay_gateway/config/values/text.hpp"

namespace relay::config {

namespace {

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

/// The process's, not a gateway's: config/fleet.hpp finds it in the listing.
void note_fleet(reading& in) {
  (void)in.value(
      keys::fleet, std::string{}, [](const std::string& text) { return parsed<std::string>::good(text); },
      [](const std::string& used) { return used; });
}

} // namespace

slack_settings read_slack(reading& in) {
  slack_settings result;
  read_rows(in, slack_rows, result);
  return result;
}

prompt_settings read_prompts(reading& in) {
  prompt_settings result;
  read_rows(in, prompt_rows, result);
  return result;
}

service_settings read_service(reading& in) {
  service_settings result;
  result.agent = read_agent(in);
  read_listener(in, result);
  read_metrics_listener(in, result);
  result.state_dir = read_state_dir(in);
  note_fleet(in);
  read_rows(in, service_rows, result);
  result.tls = read_tls(in);
  result.proxy = read_proxies(in);
  read_rows(in, session_rows, result);
  result.commands = read_commands(in);
  return result;
}

} // namespace relay::config
