// The thread that starts one child and waits for its end. Private to app/child.
#pragma once

#include "relay_gateway/app/child/spawn.hpp"

#include <functional>
#include <mutex>
#include <sys/types.h>
#include <thread>

namespace relay::child {

/// Starting a process and waiting for its end both block: so each child has a thread, which ends when the
/// child and all that it had started are gone.
class watch {
public:
  struct callbacks {
    std::function<void(spawned)> started; ///< once; also when it did not start
    std::function<void(int)> gone;        ///< once, after a start; a status of waitpid(), -1 = unknown
  };
  /// The call-backs come on the thread.
  watch(spawn_plan what, callbacks told);
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
  /// Kills the child if it still runs, waits for its end, and calls nobody back from now on.
  ~watch();
  /// To the whole process group; nothing once the child was reaped. Any thread.
  void signal(int which);

private:
  void run(const spawn_plan& what);
  int wait_for_end(keeper& kept_by);
  void send(int which) const noexcept;

  callbacks told_;
  std::mutex lock_; ///< what follows; and no call-back runs while somebody else has it
  pid_t pid_ = 0;   ///< 0 = not there yet, or reaped
  bool muted_ = false, doomed_ = false;
  std::thread thread_; // last: it uses everything above
};

} // namespace relay::child
