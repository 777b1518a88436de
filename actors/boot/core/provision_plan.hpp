// Which platform to provision when (protocol.md 2.1): one by one until one yields credentials, then the rest
// at once; what failed is tried again for as long as the process runs.
#pragma once

#include "relay_gateway/actors/core/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {

class provision_plan {
public:
  using ms = std::chrono::milliseconds;
  struct step {
    std::vector<std::string> attempt;              ///< start these now
    std::vector<std::pair<std::string, ms>> later; ///< call due(name) after the delay; "" = a round
    bool decided = false;                          ///< credentials are known, or known not to come for now
  };
  provision_plan(std::vector<std::string> platforms, ms backoff_min, ms backoff_max);

  /// Marks what an earlier life of the plan has done; before begin().
  void already(const std::vector<std::string>& provisioned, bool held);
  step begin();
  /// An attempt is over. `carries`: its answer has credentials. `floor`: of a failure, the least time until
  /// the next one.
  step over(const std::string& platform, bool provisioned, bool carries, std::uint64_t random,
            ms floor = ms{0});
  /// No identity token, so no attempt could be made: the round is over. No other one begins within `floor`.
  step no_token(std::uint64_t random, ms floor = ms{0});
  step due(const std::string& what);
  /// Credentials are held; further answers do not replace them.
  bool held() const { return held_; }
  /// An attempt of it was started and is not over.
  bool trying(const std::string& platform) const {
    return std::any_of(all_.begin(), all_.end(),
                       [&](auto& x) { return x.name == platform && x.now == mark::trying; });
  }

private:
  enum class mark : std::uint8_t { untried, trying, failed, done };
  struct entry {
    std::string name;
    mark now = mark::untried;
    backoff pause;
    ms floor{0}; ///< told with the last failure
  };
  entry* find(const std::string& name);
  void next_in_round(step& out, std::uint64_t random);
  void free_run(step& out, std::uint64_t random);
  static ms pause_of(entry& x, std::uint64_t random) { return std::max(x.pause.next(random), x.floor); }

  std::vector<entry> all_;
  backoff rounds_;
  bool held_ = false, told_ = false;
};

} // namespace relay::core
