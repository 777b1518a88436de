#include "relay_gateway/app/gateway.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/embedding/gateway_end.hpp"
#include "relay_gateway/app/embedding/null_ports.hpp"
#include "relay_gateway/app/embedding/reporter.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/app/wiring.hpp"
#include "relay_gateway/config/validate.hpp"
#include "relay_gateway/messages/system_end.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace relay {

namespace {

using namespace std::chrono_literals;

class spawned_gateway final : public gateway {
public:
  spawned_gateway(caf::actor_system& system, const ports& env, actor_tree tree,
                  std::shared_ptr<gateway_end> end, std::unique_ptr<net::io_thread> own_io)
      : own_io_(std::move(own_io)), system_(system), on_io_(net::runs_on_io(system)), tree_(std::move(tree)),
        end_(std::move(end)), reporter_(spawn_reporter(system, env, tree_.supervisor, end_)) {
    if (auto before = system_end::of(system))
      before_system_.emplace(before->at_end(
          [&system, root = tree_.supervisor, end = end_] { system_goes(system, root, *end); }));
  }
  spawned_gateway(const spawned_gateway&) = delete;
  spawned_gateway& operator=(const spawned_gateway&) = delete;
  ~spawned_gateway() override {
    end_->because("the gateway object was destroyed");
    if (!end_->over()) caf::anon_send_exit(tree_.supervisor, caf::exit_reason::kill); // the reporter follows
    wait_for_end();
  }
  const supervisor_actor& supervisor() const override { return tree_.supervisor; }
  link_agent_actor link_agent() const override { return tree_.link->get(); }
  void set_agent(agent_actor next) override { post(tree_.supervisor, agent_change{std::move(next)}); }
  void drain(std::function<void()> stopped) override {
    end_->then(std::move(stopped));
    post(tree_.supervisor, command::drain);
  }
  void stop() override {
    post(tree_.supervisor, command::drain);
    wait_for_end();
  }
  void report(std::function<void(const gateway_report*)> done) override {
    post(reporter_, std::make_shared<question<gateway_report>>(end_->log(), std::move(done)));
  }
  void reload(std::function<void(const reload_outcome*)> done) override {
    post(reporter_, std::make_shared<question<reload_outcome>>(end_->log(), std::move(done)));
  }

private:
  /// The program destroys its actor system first, which would wait for our actors for ever.
  static void system_goes(caf::actor_system& system, const supervisor_actor& root, gateway_end& end) {
    if (end.over()) return;
    end.because("the actor system was destroyed before its gateway");
    end.log()->write(severity::error, "embedding.system_gone",
                     {{"why", end.why()},
                      {"next", "the gateway stops without a drain; destroy gateways before their system"}});
    caf::anon_send_exit(root, caf::exit_reason::kill);
    wait_for(end, system, net::runs_on_io(system));
  }
  static void wait_for(gateway_end& end, caf::actor_system& system, bool on_io) {
    if (!on_io || end.over()) return end.wait(); // once it is over, the system may be gone
    // The actors run on an io_context, and this may be the thread that would run it.
    while (!end.wait_for(1ms)) net::run_ready_actors(system);
  }
  void wait_for_end() { wait_for(*end_, system_, on_io_); }

  std::unique_ptr<net::io_thread> own_io_; // outlives the actors, whose sockets live on it
  caf::actor_system& system_;
  const bool on_io_;
  actor_tree tree_;
  std::shared_ptr<gateway_end> end_;
  reporter_actor reporter_;
  std::optional<system_end::entry> before_system_;
};

std::string name_of(const gateway_options& what, random_port& random) {
  if (!what.name.empty()) return what.name;
  if (!what.settings.relay.gateway_id.empty()) return what.settings.relay.gateway_id;
  return "gateway-" + std::to_string(random.bits() % 1'000'000'000);
}

/// Puts the program's callbacks behind guards: what they throw must not end an actor.
tree_options guarded_options(gateway_options& what, const std::shared_ptr<log_port>& log,
                             random_port& random) {
  tree_options out;
  out.name = name_of(what, random);
  out.agent = std::move(what.agent);
  out.origin = std::move(what.origin);
  if (what.make_agent)
    out.make_agent = [log, make = std::move(what.make_agent)](caf::actor_system& system) {
      agent_actor made;
      call_guarded(*log, "make_agent", [&] { made = make(system); });
      return made;
    };
  if (what.on_state)
    out.on_state = [log, told = std::move(what.on_state)](const gateway_state& x) {
      call_guarded(*log, "on_state", [&] { told(x); });
    };
  return out;
}

std::unique_ptr<gateway> start_gateway(caf::actor_system& system, gateway_options what, std::string& error) {
  if (auto problems = config::validate(what.settings); !problems.empty()) {
    for (auto& x : problems) error += (error.empty() ? "" : "; ") + x.key + " " + x.reason;
    return nullptr;
  }
  std::unique_ptr<net::io_thread> own_io;
  if (!what.io) own_io = std::make_unique<net::io_thread>();
  auto& io = what.io ? *what.io : own_io->context();
  if (!what.log) what.log = std::make_shared<null_log>();
  if (!what.metrics) what.metrics = std::make_shared<null_metrics>();
  if (!what.store) {
    store_fault fault;
    what.store = open_store(what.settings, false, what.log, what.metrics, fault);
    if (!what.store) {
      error = std::move(fault.text);
      return nullptr;
    }
  }
  auto env = real_ports(io, what.settings, what.log, what.metrics);
  env.store = std::move(what.store);
  env.settings = std::move(what.source);
  env.queue = std::move(what.queue);
  auto end = std::make_shared<gateway_end>(what.log);
  auto options = guarded_options(what, what.log, *env.random);
  auto on_state = options.on_state;
  // Every actor that uses ports holds a copy of this; the last one to go tells the end.
  env.lifetime = std::shared_ptr<void>{end.get(), [end](void*) { end->happened(); }};
  actor_tree tree;
  if (!spawn_tree(tree, system, env, what.settings, std::move(options), error)) return nullptr;
  if (on_state) {
    end->then([on_state, x = end.get()] {
      gateway_state last;
      last.ended = true;
      last.why = x->why();
      on_state(last);
    });
  }
  return std::make_unique<spawned_gateway>(system, env, std::move(tree), std::move(end), std::move(own_io));
}

} // namespace

std::unique_ptr<gateway> gateway::start(caf::actor_system& system, gateway_options what, std::string& error) {
  try {
    return start_gateway(system, std::move(what), error);
  } catch (const std::exception& x) { // no thread, no memory: nothing of it is left
    error = std::string{"the gateway cannot be started: "} + x.what();
    return nullptr;
  }
}

} // namespace relay
