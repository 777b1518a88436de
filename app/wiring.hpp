// Puts the parts together. wiring.cpp reads top to bottom as the way of the data.
#pragma once

#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/actors/supervision/supervisor_setup.hpp"
#include "relay_gateway/app/store/sqlite_store.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace boost::asio {
class io_context;
}

namespace relay {

/// What the settings say outlives the process: the store of the state directory, or memory. `reset`: what is
/// there is set aside first. `parked`: as in sqlite_store_options. Null and `why` when it cannot be had.
std::shared_ptr<store_port> open_store(const config::settings& settings, bool reset,
                                       std::shared_ptr<log_port> log, std::shared_ptr<metrics_port> metrics,
                                       store_fault& why, std::shared_ptr<store::parked_stores> parked = {});

/// The real world for the actors, less the store: sockets on `io`, the real clock. TLS files that cannot be
/// used fail each dial with their reason until they can.
ports real_ports(boost::asio::io_context& io, const config::settings& settings, std::shared_ptr<log_port> log,
                 std::shared_ptr<metrics_port> metrics);

/// The current link agent; the supervisor may replace it. Thread-safe.
class link_slot {
public:
  link_agent_actor get() const {
    std::lock_guard guard{lock_};
    return current_;
  }
  void set(link_agent_actor x) {
    std::lock_guard guard{lock_};
    current_ = std::move(x);
  }

private:
  mutable std::mutex lock_;
  link_agent_actor current_;
};

/// How the agent that the settings name is made.
struct agent_maker {
  std::string name;
  bool present = true; ///< it can take events before it says so
  std::function<agent_actor(caf::strong_actor_ptr parent)> make;
};
/// `slot`: for the link agent; null: a worker's, which has neither that one nor workers of its own. False and
/// one line in `error` for an agent of a kind that is not built in.
bool choose_agent(agent_maker& out, caf::actor_system& system, const ports& env,
                  const config::settings& settings, const std::shared_ptr<link_slot>& slot,
                  std::string& error);

/// One gateway's actors.
struct actor_tree {
  supervisor_actor supervisor;
  std::shared_ptr<link_slot> link = std::make_shared<link_slot>(); ///< empty unless the agent is `link`
};
/// What an embedding program adds to the settings.
struct tree_options {
  agent_actor agent; ///< its own; null: `make_agent`, or the one that the settings name
  std::function<agent_actor(caf::actor_system&)> make_agent{};
  std::string name{};
  settings_origin origin{};
  std::function<void(const gateway_state&)> on_state{};
};
/// Spawns the tree; it boots at once. False and one line in `error` for an agent of a kind that is not built
/// in.
bool spawn_tree(actor_tree& out, caf::actor_system& system, const ports& env,
                const config::settings& settings, tree_options with, std::string& error);

} // namespace relay
