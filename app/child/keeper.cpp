#include "relay_gateway/app/child/keeper.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace relay::child {

namespace {

// Everything up to run() happens in a fork of a process with threads: nothing may allocate or lock.

constexpr int alive_fd = 0, news_fd = 1;
/// Descendants that are killed are gone within this many milliseconds, or never.
constexpr int last_rounds = 2'000;

void close_everything_else() noexcept {
  if (::close_range(news_fd + 1, ~0U, 0) == 0) return;
  auto most = ::sysconf(_SC_OPEN_MAX);
  for (int fd = news_fd + 1; fd < (most > 0 && most < (1 << 20) ? most : 1 << 20); ++fd) ::close(fd);
}

/// `/proc/self/task/<own pid>/children`
std::array<char, 64> children_path() noexcept {
  std::array<char, 64> out{};
  std::array<char, 16> digits{};
  std::size_t n = 0;
  for (auto x = ::getpid(); x > 0; x /= 10) digits[n++] = static_cast<char>('0' + x % 10);
  std::size_t at = 0;
  for (const char* x = "/proc/self/task/"; *x != 0; ++x) out[at++] = *x;
  while (n > 0) out[at++] = digits[--n];
  for (const char* x = "/children"; *x != 0; ++x) out[at++] = *x;
  return out;
}

/// Calls `what(pid)` for the keeper's children but the one that it was made for. Returns how many there were.
template <class What>
int for_each_other(pid_t child, What what) noexcept {
  const auto path = children_path();
  const int fd = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  int count = 0;
  pid_t pid = 0;
  std::array<char, 1024> text{};
  for (ssize_t n = 0; (n = ::read(fd, text.data(), text.size())) > 0;) {
    for (ssize_t i = 0; i < n; ++i) {
      if (const char c = text[static_cast<std::size_t>(i)]; c >= '0' && c <= '9') {
        pid = pid * 10 + (c - '0');
        continue;
      }
      if (pid != 0 && pid != child) {
        ++count;
        what(pid);
      }
      pid = 0;
    }
  }
  ::close(fd);
  return count;
}

bool has_ended(pid_t child) noexcept {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child;
}

/// Orphans of the child that have ended must not stay as zombies.
void reap_others(pid_t child) noexcept {
  for_each_other(child, [](pid_t x) { ::waitpid(x, nullptr, WNOHANG); });
}

/// Whoever is killed leaves its own children to the keeper, which finds them in the next round.
void end_all(pid_t child) noexcept {
  if (::kill(-child, SIGKILL) != 0) ::kill(child, SIGKILL); // it has no group of its own yet
  for (int round = 0; round < last_rounds; ++round) {
    const auto left = for_each_other(child, [](pid_t x) {
      ::kill(x, SIGKILL);
      ::waitpid(x, nullptr, WNOHANG);
    });
    if (left == 0 && has_ended(child)) return;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

/// Until the child has ended, or nobody holds the other end of the pipe any more.
void watch_over(pid_t child, int signals) noexcept {
  for (;;) {
    std::array<pollfd, 2> on{{{alive_fd, POLLIN, 0}, {signals, POLLIN, 0}}};
    if (::poll(on.data(), on.size(), signals >= 0 ? -1 : 100) < 0 && errno != EINTR) return;
    if (on[0].revents != 0) return;
    signalfd_siginfo ignored{};
    if (signals >= 0 && on[1].revents != 0) (void)!::read(signals, &ignored, sizeof ignored);
    if (has_ended(child)) return;
    reap_others(child);
  }
}

[[noreturn]] void keep(int alive, int news, keeper::child_main run, const void* plan) noexcept {
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto self = ::getpid();
  const auto child = ::fork();
  if (child == 0) {
    run(plan, self);
    ::_exit(127);
  }
  const pid_t number = child > 0 ? child : -errno;
  // Lifted above the two places first: one may be in the other's.
  const int alive_up = ::fcntl(alive, F_DUPFD, news_fd + 1), news_up = ::fcntl(news, F_DUPFD, news_fd + 1);
  if (::dup2(alive_up, alive_fd) < 0 || ::dup2(news_up, news_fd) < 0) ::_exit(1);
  close_everything_else(); // the other end of its pipe above all, or it would never see the end
  // Only now: the program must not run while an end of its pipes is held here.
  (void)!::write(news_fd, &number, sizeof number);
  if (child < 0) ::_exit(1);
  sigset_t ended;
  ::sigemptyset(&ended);
  ::sigaddset(&ended, SIGCHLD);
  watch_over(child, ::signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK));
  end_all(child);
  siginfo_t info{};
  int status = -1;
  if (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == child)
    status = info.si_code == CLD_EXITED ? (info.si_status & 0xFF) << 8 : info.si_status & 0x7F;
  (void)!::write(news_fd, &status, sizeof status);
  // Its number must not become somebody else's before the other side has let go of it.
  char byte = 0;
  while (::read(alive_fd, &byte, 1) < 0 && errno == EINTR) {
  }
  ::waitpid(child, nullptr, WNOHANG); // not every process 1 reaps what it inherits
  ::_exit(0);
}

template <class T>
bool read_one(const descriptor& from, T& out) {
  ssize_t n = 0;
  do n = ::read(from.get(), &out, sizeof out);
  while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(sizeof out);
}

} // namespace

keeper::keeper(keeper&& other) noexcept
    : alive_(std::move(other.alive_)), news_(std::move(other.news_)),
      keeper_(std::exchange(other.keeper_, 0)) {}

keeper& keeper::operator=(keeper&& other) noexcept {
  std::swap(alive_, other.alive_);
  std::swap(news_, other.news_);
  std::swap(keeper_, other.keeper_);
  return *this;
}

keeper::~keeper() { dismiss(); }

pid_t keeper::start(child_main run, const void* plan) {
  std::array<int, 2> alive{}, news{};
  if (::pipe2(alive.data(), O_CLOEXEC) != 0) return 0;
  descriptor alive_read{alive[0]}, alive_write{alive[1]};
  if (::pipe2(news.data(), O_CLOEXEC) != 0) return 0;
  descriptor news_read{news[0]}, news_write{news[1]};
  // No handler of ours may run there, and what is sent to the keeper by name may only kill it.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto made = ::fork();
  if (made == 0) keep(alive_read.get(), news_write.get(), run, plan);
  const auto why = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (made < 0) {
    errno = why;
    return 0;
  }
  alive_ = std::move(alive_write);
  news_ = std::move(news_read);
  keeper_ = made;
  news_write = {};
  pid_t child = 0;
  if (read_one(news_, child) && child > 0) return child;
  dismiss();
  errno = child < 0 ? -child : ECHILD;
  return 0;
}

int keeper::wait() const {
  int status = -1;
  return keeper_ != 0 && read_one(news_, status) ? status : -1;
}

void keeper::dismiss() noexcept {
  if (keeper_ == 0) return;
  alive_ = {};
  ::kill(keeper_, SIGCONT); // a stopped one would not notice
  while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
  keeper_ = 0;
}

} // namespace relay::child
