#include "relay_gateway/app/wiring.hpp"

#include "relay_gateway/actors/agents/echo.hpp"
#include "relay_gateway/actors/agents/exec.hpp"
#include "relay_gateway/actors/agents/link_state.hpp"
#include "relay_gateway/actors/agents/nats.hpp"
#include "relay_gateway/actors/agents/openai.hpp"
#include "relay_gateway/actors/inbound/inbound.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"
#include "relay_gateway/app/child/environment.hpp"
#include "relay_gateway/app/child/port.hpp"
#include "relay_gateway/app/files/shared_file.hpp"
#include "relay_gateway/app/net/dial/reloading_port.hpp"
#include "relay_gateway/app/store/memory_store.hpp"
#include "relay_gateway/app/system_ports.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/config/sources/command_line.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>

namespace relay {

// settings -> what outlives the process
std::shared_ptr<store_port> open_store(const config::settings& settings, bool reset,
                                       std::shared_ptr<log_port> log, std::shared_ptr<metrics_port> metrics,
                                       store_fault& why, std::shared_ptr<store::parked_stores> parked) {
  if (settings.service.state_dir.empty()) return make_memory_store();
  sqlite_store_options what;
  what.dir = settings.service.state_dir;
  what.reset = reset;
  what.parked = std::move(parked);
  what.dedupe_window = settings.limits.dedupe_window;
  what.dedupe_entries = settings.limits.dedupe_entries;
  what.max_chats = settings.limits.max_chats;
  what.session_of = [rules = session_rules_of(settings)](const inbound_event& x) {
    return wire::session_key(x.source, rules, wire::session_message(x));
  };
  what.log = std::move(log);
  what.metrics = std::move(metrics);
  return open_sqlite_store(std::move(what), why);
}

namespace {

exec_setup exec_setup_of(const config::settings& settings, std::vector<std::string> argv) {
  auto& l = settings.limits;
  exec_setup out;
  out.argv = std::move(argv);
  out.max_chats = l.max_chats;
  out.max_line = l.max_frame;
  out.backoff_min = l.backoff_min;
  out.backoff_max = l.backoff_max;
  out.stable_after = l.stable_after;
  out.stall_limit = l.agent_ack_timeout;
  // It begins when everything else has ended, so it has to fit into the last part of the grace.
  out.close_limit = std::min(milliseconds{2'000}, settings.service.grace / 4);
  return out;
}

} // namespace

// settings -> the world: one dialler, one HTTP client, one clock
ports real_ports(boost::asio::io_context& io, const config::settings& settings, std::shared_ptr<log_port> log,
                 std::shared_ptr<metrics_port> metrics) {
  net::client_options options;
  options.tls = settings.service.tls;
  options.proxy = settings.service.proxy;
  options.user_agent = "relay-gateway/" + std::string{version()};
  ports out;
  auto to_connector = options; // HTTP also goes to others
  to_connector.certificates = metrics;
  out.link = net::make_reloading_link_port(io, to_connector);
  out.http = net::make_reloading_http_port(io, options);
  out.streams = net::make_stream_port(io, options);
  out.media = net::make_media_port(io, options, net::media_base(settings.service.state_dir));
  out.files = make_file_port(io);
  out.clock = make_system_clock();
  out.random = make_system_random();
  out.secrets = make_secret_files();
  out.child = child::make_child_port(
      io, {log, child::child_environment(child::own_environment(), settings), child::secrets_of(settings)});
  out.log = std::move(log);
  out.metrics = std::move(metrics);
  return out;
}

// settings -> the agent at the far end of the way
bool choose_agent(agent_maker& out, caf::actor_system& system, const ports& env,
                  const config::settings& settings, const std::shared_ptr<link_slot>& slot,
                  std::string& error) {
  auto& chosen = settings.service.agent;
  if (chosen.kind == config::agent_kind::echo) {
    out.name = "echo";
    out.make = [&system, env](caf::strong_actor_ptr parent) -> agent_actor {
      return system.spawn(echo_agent, env, std::move(parent));
    };
  } else if (chosen.kind == config::agent_kind::link && slot) {
    out.name = "link";
    out.present = false; // it says itself who is attached
    out.make = [&system, env, slot,
                max_chats = settings.limits.max_chats](caf::strong_actor_ptr parent) -> agent_actor {
      auto link = system.spawn(link_agent, env, max_chats, std::move(parent));
      slot->set(link);
      return link;
    };
  } else if (chosen.kind == config::agent_kind::exec) {
    auto words = config::parse_command_line(chosen.argument);
    if (!words.value) {
      error = "agent: the command line of `exec:` " + words.reason +
              "; mend --agent, GATEWAY_AGENT or gateway.agent";
      return false;
    }
    out.name = "exec";
    out.present = false; // it says itself whether its child runs
    out.make = [&system, env, what = exec_setup_of(settings, std::move(*words.value))](
                   caf::strong_actor_ptr parent) -> agent_actor {
      return system.spawn(exec_agent, env, what, std::move(parent));
    };
  } else if (chosen.kind == config::agent_kind::openai) {
    out.name = "openai";
    out.make = [&system, env, what = openai_setup_of(settings)](caf::strong_actor_ptr parent) -> agent_actor {
      return system.spawn(openai_agent, env, what, std::move(parent));
    };
  } else if (chosen.kind == config::agent_kind::nats && env.queue && slot) {
    out.name = "nats";
    out.present = false; // it says itself which workers are there
    out.make = [&system, env, what = nats_setup_of(settings)](caf::strong_actor_ptr parent) -> agent_actor {
      return system.spawn(nats_agent, env, what, std::move(parent));
    };
  } else {
    error = slot
                ? "agent: a program without a queue port has only `echo`, `link`, `exec:` and `openai:`; set "
                  "--agent, GATEWAY_AGENT or gateway.agent"
                : "agent: a worker hosts `echo`, `exec:` or `openai:`; set --agent, GATEWAY_AGENT or "
                  "gateway.agent";
    return false;
  }
  return true;
}

// ... and the supervisor, which starts the rest of it
bool spawn_tree(actor_tree& out, caf::actor_system& system, const ports& env,
                const config::settings& settings, tree_options with, std::string& error) {
  supervisor_setup setup;
  setup.settings = std::make_shared<const config::settings>(settings);
  setup.gateway = std::move(with.name);
  setup.on_state = std::move(with.on_state);
  setup.origin = std::move(with.origin);
  setup.agent_name = "embedded";
  if (with.agent) {
    setup.agent = std::move(with.agent);
  } else if (with.make_agent) {
    setup.make_agent = [&system, make = std::move(with.make_agent)](
                           const caf::strong_actor_ptr&) -> agent_actor { return make(system); };
  } else {
    agent_maker chosen;
    if (!choose_agent(chosen, system, env, settings, out.link, error)) return false;
    setup.agent_name = std::move(chosen.name);
    setup.agent_present = chosen.present;
    setup.make_agent = std::move(chosen.make);
  }
  out.supervisor = system.spawn(supervisor, env, std::move(setup));
  return true;
}

} // namespace relay
