// The embedding API: a gateway inside the caller's actor system. No globals, no signal handlers, no exit();
// any number of gateways may live in one process. Functions are for any thread unless said otherwise, but
// never for a thread that runs one of this system's actors where they are marked as blocking.
#pragma once

#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/config/settings.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace relay {

struct gateway_options {
  config::settings settings;
  /// The agent that answers. Null: the one that `settings.service.agent` names.
  agent_actor agent;
  /// Where log events and metrics go. Null: nowhere.
  std::shared_ptr<log_port> log;
  std::shared_ptr<metrics_port> metrics;
  /// What outlives the process. Null: the store of `settings.service.state_dir`, opened here; memory when
  /// that is empty.
  std::shared_ptr<store_port> store;
  /// Does the I/O. Null: a thread of the gateway's own. Must outlive the gateway and be run by exactly one
  /// thread.
  boost::asio::io_context* io = nullptr;
};

class gateway {
public:
  /// Spawns the actor tree into `system`, whose configuration was prepared with register_messages(), and
  /// begins to provision and dial. Returns null and one line in `error` when the settings cannot work at all
  /// (an agent of a kind that is not built in, a state directory that cannot be
  /// had). Everything else heals in the background.
  static std::unique_ptr<gateway> start(caf::actor_system& system, gateway_options what, std::string& error);

  virtual ~gateway() = default; ///< stops at once, without a drain, and waits for the actors' end (blocking)

  /// The root of the tree: send it `command`, `settings_ptr`, ask it for `atom::status`
  /// (actors/interfaces.hpp).
  virtual const supervisor_actor& supervisor() const = 0;
  /// The agent link, to attach agents to; null unless the agent is `link`. Ask anew for each agent: after a
  /// failure it is another one.
  virtual link_agent_actor link_agent() const = 0;
  /// Begins an ordered stop (protocol.md 3.2); `stopped` is called once, on some thread of the system, when
  /// the last actor is gone. Within settings.service.grace, whatever happens.
  virtual void drain(std::function<void()> stopped) = 0;
  /// drain() and wait for its end (blocking).
  virtual void stop() = 0;
  /// Asks the supervisor; `done` gets the report, or null when it did not answer in time. Called on some
  /// thread.
  virtual void report(std::function<void(const gateway_report*)> done) = 0;
};

} // namespace relay
