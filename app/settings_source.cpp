#include "relay_gateway/app/settings_source.hpp"

#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace relay {

namespace {

/// Settings are read in a thread of their own: files may hang.
class function_source final : public settings_port {
public:
  using done_function = std::function<void(config::resolution)>;

  explicit function_source(std::function<config::resolution()> resolve) : resolve_(std::move(resolve)) {}
  function_source(const function_source&) = delete;
  function_source& operator=(const function_source&) = delete;
  ~function_source() override {
    {
      std::lock_guard guard{lock_};
      waiting_.clear();
    }
    if (worker_.joinable()) worker_.join();
  }

  void resolve(done_function done) override {
    std::unique_lock guard{lock_};
    waiting_.push_back(std::move(done));
    if (working_) return;
    if (worker_.joinable()) worker_.join(); // it has nothing left to do
    try {
      worker_ = std::thread{[this] { work(); }};
      working_ = true;
    } catch (const std::system_error& x) {
      auto asked = std::exchange(waiting_, {});
      guard.unlock();
      for (auto& one : asked) one(failed(x.what()));
    }
  }

private:
  static config::resolution failed(const std::string& why) {
    config::resolution out;
    out.problems.push_back({"the settings", "the settings", "cannot be read: " + why, {}, true});
    return out;
  }
  config::resolution resolved() const {
    try {
      return resolve_();
    } catch (const std::exception& x) {
      return failed(x.what());
    }
  }
  /// Until nobody waits: a gateway that was reloaded once needs no thread for ever.
  void work() {
    for (;;) {
      done_function done;
      {
        std::lock_guard guard{lock_};
        working_ = !waiting_.empty();
        if (!working_) return;
        done = std::move(waiting_.front());
        waiting_.pop_front();
      }
      done(resolved());
    }
  }

  const std::function<config::resolution()> resolve_;
  std::mutex lock_; // of what follows; `worker_` is for resolve() and the destructor alone
  std::deque<done_function> waiting_;
  bool working_ = false;
  std::thread worker_;
};

} // namespace

std::shared_ptr<settings_port> make_settings_source(std::function<config::resolution()> resolve) {
  return std::make_shared<function_source>(std::move(resolve));
}

} // namespace relay
