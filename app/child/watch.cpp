#include "relay_gateway/app/child/watch.hpp"

#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <utility>

namespace relay::child {

watch::watch(spawn_plan what, callbacks told)
    : told_(std::move(told)), thread_([this, plan = std::move(what)] { run(plan); }) {}

watch::~watch() {
  {
    std::lock_guard guard{lock_};
    muted_ = doomed_ = true;
    send(SIGKILL);
  }
  thread_.join();
}

void watch::signal(int which) {
  std::lock_guard guard{lock_};
  if (which == SIGKILL) doomed_ = true;
  send(which);
}

void watch::send(int which) const noexcept {
  if (pid_ == 0) return;
  if (::kill(-pid_, which) != 0) ::kill(pid_, which); // it has no group of its own yet
}

void watch::run(const spawn_plan& what) {
  auto process = spawn(what, [this](pid_t pid) {
    std::lock_guard guard{lock_};
    pid_ = pid;
    if (doomed_) send(SIGKILL);
  });
  auto pid = process.pid;
  auto group_guard = std::move(process.group_guard);
  {
    std::lock_guard guard{lock_};
    pid_ = pid; // 0 again when it did not start
    if (!muted_) told_.started(std::move(process));
  }
  if (pid == 0) return;
  auto status = wait_for_end(pid, group_guard);
  std::lock_guard guard{lock_};
  if (!muted_) told_.gone(status);
}

int watch::wait_for_end(pid_t pid, guard& group_guard) {
  siginfo_t info{};
  // Left as a zombie at first: until it is reaped, its number cannot become somebody else's.
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  std::lock_guard guard{lock_};
  send(SIGKILL);    // what it left behind in its group
  group_guard = {}; // before the group's number is free for others
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return status;
}

} // namespace relay::child
