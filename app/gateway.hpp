// The embedding API: a gateway inside the caller's actor system. No globals, no signal handlers, no exit();
// any number of gateways may live in one process. Functions are for any thread unless said otherwise, but
// never for a thread that runs one of this system's actors where they are marked as blocking.
#pragma once

#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/actors/supervision/supervisor_setup.hpp"
#include "relay_gateway/config/settings.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay {

/// Makes an agent. Called on a thread of the actor system and must not block. Null, or an exception: there is
/// none for now, and the gateway asks again with backoff.
using agent_factory = std::function<agent_actor(caf::actor_system&)>;

struct gateway_options {
  config::settings settings;
  /// The agent that answers; it stays the program's own. When it dies, the gateway is not ready and events
  /// wait until set_agent(). Null: see `make_agent`.
  agent_actor agent;
  /// Makes the agent, and the next one when it died. These are the gateway's: they end with it. Unset, and no
  /// `agent` either: the one that `settings.service.agent` names.
  agent_factory make_agent{};
  /// What agents know this gateway by (agent_host::gateway, delivery::gateway). Empty: the configured gateway
  /// id, else a random name.
  std::string name{};
  /// Where log events and metrics go. Null: nowhere.
  std::shared_ptr<log_port> log;
  std::shared_ptr<metrics_port> metrics;
  /// What outlives the process. Null: the store of `settings.service.state_dir`, opened here; memory when
  /// that is empty.
  std::shared_ptr<store_port> store;
  /// The queue of the `nats:` agent; without one that agent is not built in.
  std::shared_ptr<queue_port> queue{};
  /// Does the I/O. Null: a thread of the gateway's own. Must outlive the gateway and be run by exactly one
  /// thread; nobody has to run it while the gateway is destroyed.
  boost::asio::io_context* io = nullptr;
  /// Where reload() gets the settings from, and how `settings` came from there. Null: reload() is refused.
  std::shared_ptr<settings_port> source{};
  settings_origin origin{};
  /// Called at each change: connected, ready, ended, and why not. On some thread, one call at a time; the
  /// last one says `ended`, before ~gateway returns. Must not block.
  std::function<void(const gateway_state&)> on_state{};
};

class gateway {
public:
  /// Spawns the actor tree into `system`, whose configuration was prepared with register_messages(), and
  /// begins to provision and dial. Returns null and one line in `error` when that cannot work at all:
  /// settings that config::validate() refuses, an agent of a kind that is not built in, a state directory or
  /// a thread that cannot be had. Everything else heals in the background. `system` must outlive the gateway.
  /// If it is destroyed first all the same, the gateway stops at once, without a drain, and logs
  /// `embedding.system_gone`; its object may only be destroyed from then on, or asked what it answers null
  /// to.
  static std::unique_ptr<gateway> start(caf::actor_system& system, gateway_options what, std::string& error);

  /// Stops at once, without a drain, and waits until the last actor is gone (blocking), in every mode. What
  /// the actors used (the log, the store, `io`) may go from then on.
  virtual ~gateway() = default;

  /// The root of the tree: send it `command`, `settings_ptr`, ask it for `atom::status`
  /// (actors/interfaces.hpp).
  virtual const supervisor_actor& supervisor() const = 0;
  /// The agent link, to attach agents to; null unless the agent is `link`. Ask anew for each agent: after a
  /// failure it is another one.
  virtual link_agent_actor link_agent() const = 0;
  /// Delivers to this agent from now on; what the one before had and not acknowledged comes again. Null: none
  /// for now. Only for gateways that were started with `gateway_options::agent`: the others make theirs, and
  /// log `agent.change_refused`.
  virtual void set_agent(agent_actor next) = 0;
  /// Begins an ordered stop (protocol.md 3.2); `stopped` is called once, on some thread of the system, when
  /// the last actor is gone. Within settings.service.grace, whatever happens. Every call's callback is
  /// called.
  virtual void drain(std::function<void()> stopped) = 0;
  /// drain() and wait for its end (blocking).
  virtual void stop() = 0;
  /// Asks the supervisor; `done` gets the report, or null when it did not answer in time or the gateway went
  /// meanwhile. Called exactly once, on some thread. What a callback throws is logged and goes no further.
  virtual void report(std::function<void(const gateway_report*)> done) = 0;
  /// Reads the settings anew from `gateway_options::source` and runs with them when they are usable; `done`
  /// gets the outcome, or null when the gateway went meanwhile. Called exactly once, on some thread.
  virtual void reload(std::function<void(const reload_outcome*)> done) = 0;
};

} // namespace relay
