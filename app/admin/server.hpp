// The admin listener: health, status, metrics, commands, one-shot sends, and the door for agents
// (agent-link.md).
#pragma once

#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/app/admin/supervisor_line.hpp"
#include "relay_gateway/app/health/liveness_monitor.hpp"
#include "relay_gateway/app/log/recent_lines.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/messages/secret.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace relay::admin {

struct listener_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0; ///< 0 picks one
  secret token;           ///< needed when `host` is not loopback
  secret read_token{};    ///< may see and not command; empty: there is none
  bool read_only = false; ///< the metrics listener: no commands, no agents, metrics for everybody
  std::uint64_t max_line = 8ULL << 20; ///< bytes of one line of an agent
};

/// What the endpoints show that is not the gateway itself. All must outlive the server.
struct surroundings {
  metrics* counts = nullptr;
  liveness_monitor* beats = nullptr;
  log_port* log = nullptr;
  /// The last log lines as JSON objects, at most so many, oldest first. Unset: none are told.
  std::function<std::vector<std::string>(std::size_t limit)> recent{};
  /// The log lines after a number. Unset: none are told.
  std::function<numbered_lines::part(std::uint64_t seen)> follow{};
};

/// What a reload led to: nothing is wrong, or why the running settings stay.
struct reload_answer {
  bool accepted = false;
  std::vector<std::string> problems; ///< one line each; also of accepted settings
};

/// The gateway behind the endpoints.
struct target {
  supervisor_line supervisor;
  std::function<link_agent_actor()> agents; ///< who takes agents now; unset or null: none may attach
  /// Called on the io_context's thread, and answers there.
  std::function<void(std::function<void(reload_answer)> done)> reload;
  std::function<void()> drain;       ///< the same; the process ends when it is done
  milliseconds action_limit{90'000}; ///< an action is settled by then
  milliseconds sleep_limit{20'000};  ///< an order to sleep is over by then
  std::string store = "memory";
};

/// One gateway of a fleet, behind `/g/<name>/` of the listener. Never changes: another one takes its place.
struct fleet_member {
  std::string name;
  surroundings with{};
  std::shared_ptr<metrics> counts{}; ///< what `with` points to
  std::shared_ptr<log_port> log{};   ///< the same
  std::optional<target> gateway{};   ///< none: it does not run
  std::string state{}, why{};        ///< of one that does not run
  std::string problem{};             ///< why its changed file was refused
  /// Reloads it, or tries again to start it; as target::reload.
  std::function<void(std::function<void(reload_answer)> done)> reload{};
  /// `/wake`, whether it runs or not. False: it is not one that a wake starts.
  std::function<bool()> wake{};
};

/// One row of the fleet's page.
struct fleet_row {
  std::string name, state, reason;
};

/// The gateways of a fleet. All are called on the io_context's thread.
struct fleet_target {
  std::function<std::shared_ptr<const fleet_member>(std::string_view name)> find; ///< null: there is none
  std::function<std::pair<int, std::string>()> ready, startup; ///< status and body of the process's probes
  std::function<std::string()> status;                         ///< `GET /v1/status`
  std::function<std::vector<fleet_row>()> rows;
  /// The metrics of all, brought up to date first; `done` is called on any thread.
  std::function<void(std::function<void(std::string)> done)> expose;
  std::function<void(std::function<void(reload_answer)> done)> reload;
  std::function<void()> drain, wake;
};

/// Everything on the io_context's thread unless said otherwise.
class server {
public:
  virtual ~server() = default;
  virtual std::uint16_t port() const = 0;
  /// `http://127.0.0.1:9480`
  virtual std::string url() const = 0;
  /// The gateway is there. Until then all but /livez and /healthz answer 503. Before the io_context runs, or
  /// on its thread.
  virtual void attach(target x) = 0;
  /// The same for a fleet.
  virtual void attach(fleet_target x) = 0;
  /// The tokens of reloaded settings. A listener that is not on loopback keeps its admin token when the new
  /// one is empty. Sessions of the page end when one has changed.
  virtual void use_tokens(secret admin, secret reader) = 0;
  /// Ends the listener and every connection; idempotent.
  virtual void stop() = 0;
};

/// Binds at once; requests are answered as soon as `io` runs. Null and one line in `error` on failure.
std::unique_ptr<server> listen(boost::asio::io_context& io, listener_options what, surroundings with,
                               std::string& error);

} // namespace relay::admin
