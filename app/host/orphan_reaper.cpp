#include "relay_gateway/app/host/orphan_reaper.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <csignal>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relay::host {

namespace {

sigset_t child_signal() noexcept {
  sigset_t result;
  ::sigemptyset(&result);
  ::sigaddset(&result, SIGCHLD);
  return result;
}

} // namespace

bool inherits_orphans() noexcept { return ::getpid() == 1; }

void hold_child_signals() noexcept {
  auto which = child_signal();
  ::pthread_sigmask(SIG_BLOCK, &which, nullptr);
}

// A descriptor rather than a handler: a handler would interrupt system calls of every thread.
struct orphan_reaper::impl : std::enable_shared_from_this<orphan_reaper::impl> {
  explicit impl(boost::asio::io_context& io) : ends(io) {
    auto which = child_signal();
    if (int fd = ::signalfd(-1, &which, SFD_NONBLOCK | SFD_CLOEXEC); fd >= 0) ends.assign(fd);
  }

  void wait() {
    if (!ends.is_open()) return;
    ends.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& ec) {
                      if (ec) return;
                      self->reap();
                      self->wait();
                    });
  }
  void reap() {
    signalfd_siginfo one{}; // several ends may share one signal, so that it says only that there is something
    while (::read(ends.native_handle(), &one, sizeof one) > 0) {
    }
    // Not the children of other threads: their ends are told to those who wait for them.
    while (::waitpid(-1, nullptr, WNOHANG | __WNOTHREAD) > 0) {
    }
  }

  boost::asio::posix::stream_descriptor ends;
};

orphan_reaper::orphan_reaper(boost::asio::io_context& io) : impl_(std::make_shared<impl>(io)) {
  impl_->wait();
}

orphan_reaper::~orphan_reaper() {
  boost::system::error_code ignored;
  impl_->ends.close(ignored);
}

} // namespace relay::host
