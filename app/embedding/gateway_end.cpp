#include "relay_gateway/app/embedding/gateway_end.hpp"

#include <exception>
#include <utility>

namespace relay {

void call_guarded(log_port& log, const char* callback, const std::function<void()>& job) noexcept {
  std::string what = "unknown exception";
  try {
    job();
    return;
  } catch (const std::exception& x) {
    what = x.what();
  } catch (...) { // NOLINT(bugprone-empty-catch): `what` says it already
  }
  log.write(severity::error, "embedding.callback_failed",
            {{"callback", callback}, {"what", what}, {"next", "the gateway goes on"}});
}

void gateway_end::because(std::string why) {
  std::lock_guard guard{lock_};
  if (why_.empty()) why_ = std::move(why);
}

std::string gateway_end::why() const {
  std::lock_guard guard{lock_};
  return why_;
}

void gateway_end::happened() noexcept {
  std::unique_lock guard{lock_};
  calling_ = std::this_thread::get_id();
  while (!waiting_.empty()) { // a callback may ask for another one
    auto now = std::exchange(waiting_, {});
    guard.unlock();
    for (auto& call : now) call_guarded(*log_, "stopped", call);
    guard.lock();
  }
  calling_ = {};
  over_ = true;
  guard.unlock();
  changed_.notify_all();
}

void gateway_end::then(std::function<void()> stopped) {
  if (!stopped) return;
  {
    std::lock_guard guard{lock_};
    if (!over_) {
      waiting_.push_back(std::move(stopped));
      return;
    }
  }
  call_guarded(*log_, "stopped", stopped);
}

void gateway_end::wait() {
  std::unique_lock guard{lock_};
  changed_.wait(guard, [this] { return over_for_me(); });
}

bool gateway_end::wait_for(milliseconds limit) {
  std::unique_lock guard{lock_};
  return changed_.wait_for(guard, limit, [this] { return over_for_me(); });
}

bool gateway_end::over() const {
  std::lock_guard guard{lock_};
  return over_for_me();
}

} // namespace relay
