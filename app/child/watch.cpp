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
  auto kept_by = std::move(process.kept_by);
  {
    std::lock_guard guard{lock_};
    pid_ = pid; // 0 again when it did not start
    if (!muted_) told_.started(std::move(process));
  }
  if (pid == 0) return;
  auto status = wait_for_end(kept_by);
  std::lock_guard guard{lock_};
  if (!muted_) told_.gone(status);
}

int watch::wait_for_end(keeper& kept_by) {
  const auto status = kept_by.wait();
  std::lock_guard guard{lock_};
  if (status < 0) send(SIGKILL); // somebody has ended the keeper
  pid_ = 0;
  kept_by = {}; // from now on the child's number is free for others
  return status;
}

} // namespace relay::child
