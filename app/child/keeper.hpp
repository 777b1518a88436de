// A small process between this one and a child: it ends the child with all that the child has started, when
// the child ends or this process does, however it does. Private to app/child.
#pragma once

#include "relay_gateway/app/child/descriptor.hpp"

#include <sys/types.h>

namespace relay::child {

/// A process group is left by whoever calls setsid(), and PR_SET_PDEATHSIG reaches the child only. So the
/// keeper is the child's parent and its subreaper: whatever the child has started is a descendant of the
/// keeper, and an orphan among it becomes the keeper's own child, found in /proc. (Without /proc only the
/// group is ended.) The end of a pipe tells it that this process is gone, SIGKILL included. The keeper is a
/// fork that never runs another program; it lives in a session of its own and holds nothing but its ends of
/// two pipes.
class keeper {
public:
  /// What the child does; `parent` is the keeper. Called between fork() and execve().
  using child_main = void (*)(const void* plan, pid_t parent);

  keeper() = default;
  keeper(keeper&& other) noexcept;
  keeper& operator=(keeper&& other) noexcept;
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;
  /// Ends the child with all its descendants, and waits for that.
  ~keeper();
  /// Makes keeper and child, with all signals blocked. The child's number stays its own until the keeper is
  /// dismissed. 0 (errno) when there can be none.
  pid_t start(child_main run, const void* plan);
  /// Waits until the child has ended, and its descendants with it; its status, -1 when nobody knows it.
  int wait() const;

private:
  void dismiss() noexcept;
  descriptor alive_; ///< its other end is the keeper's
  descriptor news_;  ///< the child's number, then its status
  pid_t keeper_ = 0;
};

} // namespace relay::child
