// A small process that ends a child's process group when this process ends, however it ends. Private to
// app/child.
#pragma once

#include "relay_gateway/app/child/descriptor.hpp"

#include <sys/types.h>

namespace relay::child {

/// PR_SET_PDEATHSIG reaches the child but not what it has started; the end of a pipe is noticed whatever ends
/// its writer, SIGKILL included. The guard is a fork that never runs another program; it lives in a session
/// of its own, so that signals for this process's group do not end it, and holds nothing but its end of the
/// pipe.
class guard {
public:
  guard() = default;
  guard(guard&& other) noexcept;
  guard& operator=(guard&& other) noexcept;
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;
  /// Dismisses it: the group is over, and its number may become somebody else's.
  ~guard();
  /// `pid` leads the group, and must not be reaped while the guard is there. False (errno) when there can be
  /// none.
  bool start(pid_t pid);

private:
  void dismiss() noexcept;
  descriptor alive_pipe_; ///< its other end is the guard's
  pid_t guard_ = 0;
};

} // namespace relay::child
