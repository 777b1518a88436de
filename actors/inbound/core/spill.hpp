// Which sessions have events on disk only, and when to take some back (design.md, rule 4: spill, never grow).
// Order per session: once a session has an event on disk, all its further ones go there, until they were
// taken back. Sessions are named by their session key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

struct spill_rules {
  bool allowed = false;                    ///< a durable store is there
  std::size_t max_in_memory = 10'000;      ///< events, all sessions together
  std::size_t max_bytes = std::size_t(-1); ///< of these events; one is always taken
  std::size_t chat_in_memory = 64;         ///< events of one session
  std::size_t max_session_queues =
      20'000; ///< sessions that are known by name; of others is only known that there are some
};

/// What to ask the store for.
struct spill_wishes {
  std::vector<std::pair<std::string, std::size_t>> recalls;
  std::optional<std::uint64_t> scan; ///< behind this seq
};

/// Counts, never holds events. Numbers of what is on disk are upper bounds; each recall corrects them.
class spill {
public:
  explicit spill(const spill_rules& rules) : rules_(rules) {}

  /// Whether the next event of this session goes to disk only. Counts it, either way.
  bool take(const std::string& session, std::uint64_t seq, std::size_t bytes = 0);
  /// Whether events of this session may be on disk only: then the next one goes there, too.
  bool may_be_on_disk(const std::string& session) const;
  /// An event that is in memory is over.
  void gone(const std::string& session, std::size_t bytes = 0);
  /// There may be spilled events of any session (after a restart). Before restored().
  void unknown_backlog() { unlisted_ = true; }
  /// An event of an earlier process is in memory.
  void restored(const std::string& session, std::size_t bytes = 0);
  /// `got` events of the session came back, `left` are still on disk.
  void recalled(const std::string& session, std::size_t got, std::uint64_t left, std::size_t bytes = 0);
  /// An answer to a scan.
  void scanned(const std::vector<std::pair<std::uint64_t, std::string>>& page, bool end);
  /// What should be asked for now; each wish is told once, until it is answered.
  void wishes(spill_wishes& out);

  /// Upper bound of the events in memory.
  std::size_t in_memory() const { return in_memory_ + reserved_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t backlogs() const { return backlogs_.size(); }
  /// Some events are on disk only.
  bool backlog() const { return unlisted_ || on_disk_backlogs_ > 0; }

private:
  struct session_backlog {
    std::size_t in_memory = 0, asked = 0;
    std::uint64_t on_disk = 0, since_recall = 0;
    bool recalling = false, hungry = false;
  };
  void put_on_disk(session_backlog& x, std::uint64_t n);
  void want(const std::string& session, session_backlog& x);
  void drop_if_done(const std::string& session);
  bool may_recall() const;

  spill_rules rules_;
  std::unordered_map<std::string, session_backlog> backlogs_;
  std::deque<std::string> hungry_;      ///< sessions that want some back, first come first served
  std::size_t largest_ = 0;             ///< bytes of the largest event so far: a recall may bring one
  std::size_t bytes_ = 0, recalls_ = 0; ///< recalls: under way
  std::size_t in_memory_ = 0, reserved_ = 0, on_disk_backlogs_ = 0;
  bool unlisted_ = false, unlisted_since_scan_ = false, scanning_ = false;
  std::uint64_t cursor_ = 0; ///< all unlisted ones lie behind it
};

} // namespace relay::core
