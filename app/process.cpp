#include "relay_gateway/app/process.hpp"

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <utility>

namespace relay {

namespace {

extern "C" void end_now(int signal) { ::_exit(128 + signal); }

void mask(int how) noexcept {
  sigset_t ours;
  ::sigemptyset(&ours);
  for (int x : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) ::sigaddset(&ours, x);
  ::pthread_sigmask(how, &ours, nullptr);
}

} // namespace

void hold_signals() noexcept { mask(SIG_BLOCK); }
void release_signals() noexcept { mask(SIG_UNBLOCK); }

void ignore_broken_pipes() noexcept { std::signal(SIGPIPE, SIG_IGN); }

void end_at_next_signal() noexcept {
  struct sigaction how {};
  how.sa_handler = end_now;
  ::sigaction(SIGINT, &how, nullptr);
  ::sigaction(SIGTERM, &how, nullptr);
}

struct exit_guard::impl {
  std::mutex lock;
  std::condition_variable changed;
  bool released = false, armed = false;
  std::chrono::milliseconds limit{};
  int code = 0;
  std::thread thread;

  void run() {
    std::unique_lock held{lock};
    changed.wait(held, [this] { return released || armed; });
    if (!changed.wait_for(held, limit, [this] { return released; })) std::_Exit(code);
  }
};

exit_guard::exit_guard() : impl_(std::make_unique<impl>()) {
  impl_->thread = std::thread([x = impl_.get()] { x->run(); });
}

void exit_guard::arm(std::chrono::milliseconds limit, int code) noexcept {
  {
    std::lock_guard held{impl_->lock};
    if (std::exchange(impl_->armed, true)) return;
    impl_->limit = limit;
    impl_->code = code;
  }
  impl_->changed.notify_all();
}

exit_guard::~exit_guard() {
  {
    std::lock_guard held{impl_->lock};
    impl_->released = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

} // namespace relay
