// The process as its environment sees it: exit codes, signals, and an end that surely comes.
#pragma once

#include <chrono>
#include <memory>

namespace relay {

/// What the process ends with (agent-link.md, Commands). A stop forced by a second signal is 128 + the
/// signal.
namespace exit_code {
inline constexpr int fine = 0, failure = 1, usage = 2, state_not_writable = 73, state_held = 75,
                     configuration = 78;
} // namespace exit_code

/// A peer that goes away must show as an error of write(), not as the end of the process.
void ignore_broken_pipes() noexcept;

/// The signals that a service acts on wait from now on instead of ending the process; release_signals() lets
/// them through. For the time before there is anybody who could act on them. Not to be in force when threads
/// or children are made: they would inherit it.
void hold_signals() noexcept;
void release_signals() noexcept;

/// From now on SIGINT and SIGTERM end the process at once, with 130 and 143. Also when every thread hangs,
/// and as process 1 of a container, where the default actions do not count.
void end_at_next_signal() noexcept;

/// Once armed it ends the process with `code` unless it is destroyed within `limit`: for a stop that must
/// come to its end even if some part of it hangs. Its thread is made with it, for when a stop begins there
/// may be no memory for one.
class exit_guard {
public:
  /// Throws std::system_error when no thread can be made.
  exit_guard();
  exit_guard(const exit_guard&) = delete;
  exit_guard& operator=(const exit_guard&) = delete;
  ~exit_guard();
  /// Any thread; only the first call counts.
  void arm(std::chrono::milliseconds limit, int code) noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay
