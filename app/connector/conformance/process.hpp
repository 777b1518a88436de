// The gateway under test as a process of its own.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace relay::connector::conformance {

/// A process group; killed and reaped at the end, or when the thread that started it ends. Not thread-safe.
class process {
public:
  /// Runs `/bin/sh -c command`; both outputs go to `log_file`. `ok()` says whether it started.
  process(const std::string& command, const std::string& directory,
          const std::vector<std::string>& environment, const std::string& log_file);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  bool ok() const { return pid_ > 0; }
  /// SIGTERM to the group.
  void terminate();
  /// Its exit code once it has ended, 128 + n after signal n; none when it lives on after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);

private:
  pid_t pid_ = 0;
  int watched_ = -1; ///< a pidfd: readable when it has ended
  std::optional<int> code_;
};

} // namespace relay::connector::conformance
