#include "relay_gateway/app/gateway.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/app/wiring.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace relay {

namespace {

using namespace std::chrono_literals;

class no_notes final : public log_port {
public:
  bool wants(severity) const noexcept override { return false; }
  void write(severity, std::string_view, std::initializer_list<log_field>) noexcept override {}
};
class no_metrics final : public metrics_port {
public:
  void add(counter, std::uint64_t) noexcept override {}
  void add(counter, std::string_view, std::uint64_t) noexcept override {}
  void set(gauge, std::int64_t) noexcept override {}
  void observe(histogram, std::chrono::nanoseconds) noexcept override {}
};

/// Told once that the last actor is gone.
class ending {
public:
  void happened() {
    std::function<void()> call;
    {
      std::lock_guard guard{lock_};
      over_ = true;
      call = std::exchange(stopped_, nullptr);
    }
    changed_.notify_all();
    if (call) call();
  }
  void then(std::function<void()> stopped) {
    {
      std::lock_guard guard{lock_};
      if (!over_) {
        stopped_ = std::move(stopped);
        return;
      }
    }
    if (stopped) stopped();
  }
  void wait() {
    std::unique_lock guard{lock_};
    changed_.wait(guard, [this] { return over_; });
  }

private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::function<void()> stopped_;
  bool over_ = false;
};

/// Asks for others: a thread that spawns actors would be waited for by the system's destructor.
struct question {
  std::function<void(const gateway_report*)> done;
};

} // namespace
} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::question)

namespace relay {
namespace {

using reporter_actor = caf::typed_actor<caf::reacts_to<question>>;

reporter_actor::behavior_type reporter(reporter_actor::pointer self, const supervisor_actor& root) {
  return {[self, root](const question& x) {
    self->request(root, caf::duration{3s}, atom::status_v)
        .then([done = x.done](const gateway_report& y) { done(&y); },
              [done = x.done](const caf::error&) { done(nullptr); });
  }};
}

class spawned_gateway final : public gateway {
public:
  spawned_gateway(caf::actor_system& system, actor_tree tree, std::shared_ptr<ending> over,
                  std::unique_ptr<net::io_thread> own_io)
      : own_io_(std::move(own_io)), tree_(std::move(tree)), over_(std::move(over)),
        reporter_(system.spawn(reporter, tree_.supervisor)) {}
  spawned_gateway(const spawned_gateway&) = delete;
  spawned_gateway& operator=(const spawned_gateway&) = delete;
  ~spawned_gateway() override {
    caf::anon_send_exit(tree_.supervisor, caf::exit_reason::kill);
    caf::anon_send_exit(reporter_, caf::exit_reason::user_shutdown);
    tree_ = {};
    // On the caller's own I/O thread nobody would run the actors while we wait for them.
    if (own_io_) over_->wait();
  }
  const supervisor_actor& supervisor() const override { return tree_.supervisor; }
  link_agent_actor link_agent() const override { return tree_.link->get(); }
  void drain(std::function<void()> stopped) override {
    over_->then(std::move(stopped));
    post(tree_.supervisor, command::drain);
  }
  void stop() override {
    post(tree_.supervisor, command::drain);
    over_->wait();
  }
  void report(std::function<void(const gateway_report*)> done) override {
    post(reporter_, question{std::move(done)});
  }

private:
  std::unique_ptr<net::io_thread> own_io_; // outlives the actors, whose sockets live on it
  actor_tree tree_;
  std::shared_ptr<ending> over_;
  reporter_actor reporter_;
};

} // namespace

std::unique_ptr<gateway> gateway::start(caf::actor_system& system, gateway_options what, std::string& error) {
  std::unique_ptr<net::io_thread> own_io;
  if (!what.io) own_io = std::make_unique<net::io_thread>();
  auto& io = what.io ? *what.io : own_io->context();
  if (!what.log) what.log = std::make_shared<no_notes>();
  if (!what.metrics) what.metrics = std::make_shared<no_metrics>();
  if (!what.store) {
    store_fault fault;
    what.store = open_store(what.settings, false, what.log, what.metrics, fault);
    if (!what.store) {
      error = std::move(fault.text);
      return nullptr;
    }
  }
  actor_tree tree;
  auto over = std::make_shared<ending>();
  auto env = real_ports(io, what.settings, what.log, what.metrics);
  env.store = std::move(what.store);
  // Every actor that may touch the world holds a copy of this; the last one to go rings.
  env.lifetime = std::shared_ptr<void>{over.get(), [over](void*) { over->happened(); }};
  if (!spawn_tree(tree, system, env, what.settings, std::move(what.agent), error)) return nullptr;
  return std::make_unique<spawned_gateway>(system, std::move(tree), std::move(over), std::move(own_io));
}

} // namespace relay
