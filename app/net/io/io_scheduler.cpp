#include "relay_gateway/app/net/io/io_scheduler.hpp"

#include "relay_gateway/app/net/io/io_clock.hpp"

#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

namespace relay::net {

namespace asio = boost::asio;

namespace {

// An actor may handle this many messages before the next one gets its turn, and this many turns are taken
// before the sockets get theirs. Both are large enough to cost nothing and small enough (about a millisecond
// of ordinary handlers) to keep one flooded actor from holding up a ping.
constexpr std::size_t messages_per_turn = 256;
constexpr unsigned turns_per_run = 64;

using waiting_ones = std::vector<std::shared_ptr<after_actors>>;
thread_local waiting_ones* after_this_run = nullptr; ///< null: no actor runs on this thread

/// Runs the actors of one system. Jobs come in two ways:
/// * from a running actor: into `local_`, without a lock; the run that is going on takes them;
/// * from anywhere else, sockets' handlers on the io_context's own thread included: into `inbox_`, and the
/// first
///   of a burst posts one run. So no actor ever runs inside a socket's call-back, and a callback that sends a
///   hundred messages pays for one post.
/// `running_` is held during a run: it makes the thread that destroys the actor system wait for the
/// io_context's thread and is never contended otherwise. Shared, because posted runs may outlive the actor
/// system.
class job_runner final : public std::enable_shared_from_this<job_runner> {
public:
  job_runner(asio::io_context& io, caf::actor_system& system) : io_(io), unit_(system, *this) {}

  void throughput(std::size_t messages) { throughput_ = std::min(messages, messages_per_turn); }

  /// Takes over one reference to the job. Any thread.
  void enqueue(caf::resumable* job) {
    {
      std::lock_guard lock(inbox_mutex_);
      if (!stopped_) {
        inbox_.push_back(job);
        if (std::exchange(posted_, true)) return;
        job = nullptr;
      }
    }
    if (job)
      caf::scheduler::abstract_coordinator::cleanup_and_release(job); // too late for it
    else
      post_run();
  }

  /// Until nothing is ready. Returns whether there was anything.
  bool run_dry() {
    std::lock_guard lock(running_);
    runner_ = std::this_thread::get_id();
    bool any = false;
    for (; take_inbox() || !local_.empty(); any = true) run_one();
    runner_ = std::thread::id();
    return any;
  }

  void stop() {
    run_dry();
    std::lock_guard lock(running_);
    {
      std::lock_guard inbox_lock(inbox_mutex_);
      stopped_ = true;
    }
    take_inbox();
    for (auto* job : local_) caf::scheduler::abstract_coordinator::cleanup_and_release(job);
    local_.clear();
  }

private:
  struct unit final : caf::execution_unit {
    unit(caf::actor_system& system, job_runner& runner) : caf::execution_unit(&system), to(runner) {}
    void exec_later(caf::resumable* job) override {
      // An actor keeps its last unit, so this might be called outside of a run.
      if (to.runner_.load(std::memory_order_relaxed) == std::this_thread::get_id())
        to.local_.push_back(job);
      else
        to.enqueue(job);
    }
    job_runner& to;
  };

  void post_run() {
    asio::post(io_, [self = shared_from_this()] { self->run(); });
  }

  void run() {
    const bool more = take_turns();
    for (auto& x : after_) x->actors_ran();
    after_.clear();
    if (more) post_run();
  }

  /// Whether there is more to do.
  bool take_turns() {
    std::lock_guard lock(running_);
    runner_ = std::this_thread::get_id();
    after_this_run = &after_;
    take_inbox(); // first, so that actors which only talk to each other do not shut everybody else out
    bool more = true;
    for (unsigned turns = 0; turns < turns_per_run && more; ++turns) {
      if (local_.empty() && !take_inbox_or_rest())
        more = false;
      else
        run_one();
    }
    after_this_run = nullptr;
    runner_ = std::thread::id();
    return more;
  }

  void run_one() {
    auto* job = local_.front();
    local_.pop_front();
    switch (job->resume(&unit_, throughput_)) {
    case caf::resumable::resume_later: local_.push_back(job); break;
    case caf::resumable::shutdown_execution_unit: break; // not a job of ours
    default: caf::intrusive_ptr_release(job);
    }
  }

  bool take_inbox() {
    std::lock_guard lock(inbox_mutex_);
    return take_locked();
  }
  bool take_inbox_or_rest() {
    std::lock_guard lock(inbox_mutex_);
    if (take_locked()) return true;
    posted_ = false; // the next job posts again
    return false;
  }
  bool take_locked() {
    auto any = !inbox_.empty();
    local_.insert(local_.end(), inbox_.begin(), inbox_.end());
    inbox_.clear();
    return any;
  }

  asio::io_context& io_;
  std::size_t throughput_ = messages_per_turn;

  std::mutex running_;
  std::deque<caf::resumable*> local_; // under running_
  std::atomic<std::thread::id> runner_{};
  waiting_ones after_; // the io_context's thread only
  unit unit_;

  std::mutex inbox_mutex_;
  std::vector<caf::resumable*> inbox_;
  bool posted_ = false, stopped_ = false;
};

class io_coordinator final : public caf::scheduler::abstract_coordinator {
public:
  io_coordinator(caf::actor_system& system, asio::io_context& io)
      : abstract_coordinator(system), jobs_(std::make_shared<job_runner>(io, system)),
        clock_(std::make_shared<io_clock>(io)) {}

  caf::actor_clock& clock() noexcept override { return *clock_; }
  void enqueue(caf::resumable* job) override { jobs_->enqueue(job); }
  /// CAF's printer blocks on the standard output, so it keeps a thread of its own (asleep: nobody here uses
  /// it).
  bool detaches_utility_actors() const override { return true; }

  void drain() {
    // Actors that only a timer keeps alive would never end now that nobody fires it.
    do {
      jobs_->run_dry();
      clock_->cancel_all();
    } while (jobs_->run_dry());
  }

  void run_ready() { jobs_->run_dry(); }

protected:
  void start() override {
    num_workers_ = 1;
    jobs_->throughput(max_throughput_);
    abstract_coordinator::start();
  }

  void stop() override {
    stop_actors();
    clock_->stop();
    jobs_->stop();
  }

private:
  std::shared_ptr<job_runner> jobs_;
  std::shared_ptr<io_clock> clock_;
};

} // namespace

void use_io_scheduler(caf::actor_system_config& config, asio::io_context& io) {
  // What config.load<T>() does, but with the io_context along: no global is needed, so several systems can
  // live in one process.
  config.module_factories.emplace_back([&io](caf::actor_system& system) -> caf::actor_system::module* {
    return new io_coordinator(system, io);
  });
}

bool call_after_actors(std::shared_ptr<after_actors> who) {
  if (after_this_run == nullptr) return false;
  after_this_run->push_back(std::move(who));
  return true;
}

bool runs_on_io(caf::actor_system& system) {
  return dynamic_cast<io_coordinator*>(&system.scheduler()) != nullptr;
}

void run_ready_actors(caf::actor_system& system) {
  if (auto* ours = dynamic_cast<io_coordinator*>(&system.scheduler())) ours->run_ready();
}

void drain_actors(caf::actor_system& system) {
  if (auto* ours = dynamic_cast<io_coordinator*>(&system.scheduler())) ours->drain();
}

} // namespace relay::net
