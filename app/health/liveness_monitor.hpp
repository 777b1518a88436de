// Threads that must stay alive say so; whoever asks learns which one does not (GET /livez).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// Thread-safe. Time comes in as a value.
class liveness_monitor {
public:
  using time = std::chrono::steady_clock::time_point;
  using span = std::chrono::milliseconds;

  /// How often to beat, and how old a beat may become.
  static constexpr span interval{5'000}, limit{15'000};

  liveness_monitor();
  liveness_monitor(const liveness_monitor&) = delete;
  liveness_monitor& operator=(const liveness_monitor&) = delete;
  ~liveness_monitor();

  /// One thread's voice. Keeps working, without effect, when the registry is gone.
  class beat_record {
  public:
    virtual ~beat_record() = default;
    virtual void beat(time now) noexcept = 0;
  };
  /// The thread counts as alive from `now` on. It is watched for as long as its pulse lives.
  std::shared_ptr<beat_record> add(std::string name, time now);

  /// To be called by one thread at every interval, and before late(). A look that comes far too late means
  /// that the whole process stood still (SIGSTOP, a suspended machine): nobody could beat, so everybody gets
  /// a fresh start.
  void look(time now);
  /// One line that names the threads whose beat is older than `limit`; empty when all is well.
  std::string late(time now) const;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace relay
