// What the kernel expects of process 1: it inherits every process whose parent is gone, and must collect it.
#pragma once

#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay::host {

/// Whether this process inherits orphans, as the first one of a container does.
bool inherits_orphans() noexcept;

/// SIGCHLD waits from now on, in this thread and in those that it makes, for an orphan_reaper to take it. To
/// be called before there are other threads; children must get their default signal mask back.
void hold_child_signals() noexcept;

/// Reaps orphans as they end. Leaves alone the children that other threads of this process have forked: a
/// child is waited for by its own thread (app/child/watch.hpp). Needs hold_child_signals(); to be made, run
/// and destroyed on the main thread, which is the one that the kernel gives orphans to.
class orphan_reaper {
public:
  explicit orphan_reaper(boost::asio::io_context& io);
  orphan_reaper(const orphan_reaper&) = delete;
  orphan_reaper& operator=(const orphan_reaper&) = delete;
  ~orphan_reaper();

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace relay::host
