// Notices that one of some small files was changed, replaced, removed or made.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace relay {

/// Watches the files' directories (inotify), for programs that renew a file replace it, or a link on its way.
/// Where the kernel gives no watch, nothing is noticed: whoever uses the files reads them anew anyway.
/// Everything is called on the io_context's thread. The files are looked at by a thread of its own: one whose
/// file system hangs holds up nothing but what this watch tells.
class file_watch {
public:
  /// `changed` gets the paths, once for all that happened within a moment.
  file_watch(boost::asio::io_context& io, std::function<void(const std::vector<std::string>&)> changed);
  file_watch(const file_watch&) = delete;
  file_watch& operator=(const file_watch&) = delete;
  ~file_watch();
  /// These from now on; empty names are left out. `watched` (may be null) is called when no later change is
  /// missed; what changed before may be.
  void watch(std::vector<std::string> files, std::function<void()> watched = {});

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace relay
