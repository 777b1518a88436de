// The end of one gateway: when its last actor is gone, why, and who waits for it. Thread-safe.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace relay {

/// Calls `job`. An exception is logged as `embedding.callback_failed` and ends there: the callbacks are the
/// embedding program's, and run on threads that must go on.
void call_guarded(log_port& log, const char* callback, const std::function<void()>& job) noexcept;

class gateway_end {
public:
  explicit gateway_end(std::shared_ptr<log_port> log) : log_(std::move(log)) {}

  /// Why it ends. The first reason counts.
  void because(std::string why);
  std::string why() const;
  /// The last actor is gone: calls everybody who asked with then(), and after that ends every wait.
  void happened() noexcept;
  /// Calls `stopped` once, when the end has come; at once when it has come already. Callers do not replace
  /// each other.
  void then(std::function<void()> stopped);
  /// Returns at once on the thread that runs the callbacks: it would wait for itself.
  void wait();
  /// False when the end has not come within `limit`.
  bool wait_for(milliseconds limit);
  bool over() const;
  const std::shared_ptr<log_port>& log() const { return log_; }

private:
  bool over_for_me() const { return over_ || calling_ == std::this_thread::get_id(); }

  const std::shared_ptr<log_port> log_;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> waiting_;
  std::thread::id calling_;
  std::string why_;
  bool over_ = false;
};

} // namespace relay
