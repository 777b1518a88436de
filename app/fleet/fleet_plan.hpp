// Decides which gateways of a fleet are started, reloaded and stopped. Pure: time and chance are the
// caller's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay::fleet {

enum class phase : std::uint8_t {
  waiting,  ///< to be started
  starting, ///< an order to start is out
  running,
  stopping, ///< an order to stop is out
  asleep,   ///< it ended by itself, in order (gateway.idle); until it is woken or its file changes
  stopped,  ///< somebody wanted its end; until its file changes or somebody asks for it
  failed    ///< it could not be started, or it died
};
const char* to_string(phase x) noexcept;

struct order {
  enum class what : std::uint8_t { start, reload, stop };
  what kind = what::start;
  std::string name;
  friend bool operator==(const order&, const order&) = default;
};

/// What came of an order to start.
enum class start_outcome : std::uint8_t {
  running,
  bad_file, ///< trying again is of no use until the file changes
  failed    ///< it may work later
};

struct plan_limits {
  std::size_t starts_at_once = 8; ///< a start waits for disks
  std::chrono::milliseconds retry_min{1'000}, retry_max{60'000};
};

class fleet_plan {
public:
  using clock = std::chrono::steady_clock;

  struct member {
    fleet::phase phase = fleet::phase::waiting;
    std::string why;            ///< why it failed or stopped
    std::string problem;        ///< why its changed file was refused; the settings of before run
    std::uint32_t failures = 0; ///< in a row
    std::optional<clock::time_point> retry{};

    std::uint64_t wanted = 0;     ///< digest of the file
    std::uint64_t used = 0;       ///< of the one that was tried last
    bool gone = false;            ///< its file is
    bool renew = false;           ///< to be reloaded though the file is the same
    bool reloading = false;       ///< an order to reload is out
    bool halt = false;            ///< somebody wants it to be stopped
    bool again = false;           ///< to be started once it has ended
    bool again_if_asleep = false; ///< the same, if it ends by itself: it was woken while it did
    clock::time_point since{};    ///< it is running
  };

  explicit fleet_plan(plan_limits limits = {}) : limits_(limits) {}

  /// The directory was read: a digest of each gateway's file.
  void files(const std::map<std::string, std::uint64_t>& now);
  /// Reloads a gateway although its file may be the same, or tries again to start it. False: there is none.
  bool renew(const std::string& name);
  void renew_all();
  /// The same for one of which a secret's file may have changed. One that ends, or rests in order, is left as
  /// it is: it reads its files when it is started.
  void secrets_changed(const std::string& name);
  /// Stops one; it stays stopped until its file changes or renew() is called. False: it does not run.
  bool stop(const std::string& name);
  /// Starts one that is asleep; one that is just ending by itself starts anew. False: a wake does not help.
  bool wake(const std::string& name);
  /// It is ready again: what it was woken for before is done.
  void awake(const std::string& name);
  /// Everything ends, and nothing is started any more.
  void drain();

  // What came of an order. `chance` spreads retries; any 64 random bits.
  void started(const std::string& name, start_outcome what, const std::string& why, clock::time_point now,
               std::uint64_t chance);
  /// `restart`: what changed takes effect at a start only.
  void reloaded(const std::string& name, bool accepted, bool restart, const std::string& why);
  /// The gateway's last actor is gone, asked for or not.
  void ended(const std::string& name, bool in_order, const std::string& why, clock::time_point now,
             std::uint64_t chance);

  /// What is to be done now; each order is given once.
  std::vector<order> take(clock::time_point now);
  /// When take() has something to do though nothing happens; none: never.
  std::optional<clock::time_point> due() const;

  const std::map<std::string, member>& members() const noexcept { return members_; }
  /// Every gateway was tried since the directory was read first.
  bool settled() const;
  bool draining() const noexcept { return draining_; }
  /// Drained, and no gateway is left.
  bool over() const;

private:
  void fail(member& x, clock::time_point now, std::uint64_t chance);

  plan_limits limits_;
  std::map<std::string, member> members_;
  std::size_t starting_ = 0;
  bool draining_ = false;
};

} // namespace relay::fleet
