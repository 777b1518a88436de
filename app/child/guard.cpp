#include "relay_gateway/app/child/guard.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <utility>

namespace relay::child {

namespace {

constexpr int pipe_fd = 0;

void close_everything_else() noexcept {
  if (::close_range(pipe_fd + 1, ~0U, 0) == 0) return;
  auto most = ::sysconf(_SC_OPEN_MAX);
  for (int fd = pipe_fd + 1; fd < (most > 0 && most < (1 << 20) ? most : 1 << 20); ++fd) ::close(fd);
}

/// Between fork() and its end it may neither allocate nor lock: other threads may hold any lock.
[[noreturn]] void guard_group(int read_end, pid_t pid) noexcept {
  ::setsid();
  if (read_end != pipe_fd && ::dup2(read_end, pipe_fd) < 0) ::_exit(1);
  close_everything_else(); // its own writing end above all, or it would never see the end
  char byte = 0;
  ssize_t n = 0;
  do n = ::read(pipe_fd, &byte, 1);
  while (n < 0 && errno == EINTR);
  // Nobody writes: whoever held the other end is gone.
  if (n == 0) ::kill(-pid, SIGKILL);
  ::_exit(0);
}

} // namespace

guard::guard(guard&& other) noexcept
    : alive_pipe_(std::move(other.alive_pipe_)), guard_(std::exchange(other.guard_, 0)) {}

guard& guard::operator=(guard&& other) noexcept {
  std::swap(alive_pipe_, other.alive_pipe_);
  std::swap(guard_, other.guard_);
  return *this;
}

guard::~guard() { dismiss(); }

bool guard::start(pid_t pid) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return false;
  descriptor read{fds[0]}, write{fds[1]};
  // Signals stay blocked in the guard: what is sent to it by name may only kill it.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  auto made = ::fork();
  if (made == 0) guard_group(read.get(), pid);
  auto why = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (made < 0) {
    errno = why;
    return false;
  }
  alive_pipe_ = std::move(write);
  guard_ = made;
  return true;
}

void guard::dismiss() noexcept {
  if (guard_ == 0) return;
  // SIGKILL rather than a byte: it needs no room in a pipe, no SIGPIPE can follow, and it works on a stopped
  // one.
  ::kill(guard_, SIGKILL);
  while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
  }
  guard_ = 0;
}

} // namespace relay::child
