// `--state-dir DIR`: what was committed outlives the process, whatever ends it. SQLite in WAL mode with
// synchronous=FULL, written by one thread; a commit gathers everything that arrived during the one before.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace relay::store {
class parked_stores;
}

namespace relay {

struct sqlite_store_options {
  std::string dir;    ///< made (0700) when it is not there
  bool reset = false; ///< set aside what is there and begin anew
  std::chrono::milliseconds dedupe_window{600'000};
  std::size_t dedupe_entries = 100'000; ///< settled events, and as many settled actions
  std::size_t max_chats = 1'000'000;    ///< routes of chats
  std::shared_ptr<log_port> log;
  std::shared_ptr<metrics_port> metrics;
  std::function<std::int64_t()> wall_ms{}; ///< unix ms; unset: the system's clock
  /// The session key of an event that a version kept which knew no sessions; unset: by the default rules.
  std::function<std::string(const inbound_event&)> session_of{};
  std::chrono::milliseconds retry{500};          ///< between attempts while the disk refuses
  std::chrono::milliseconds last_attempt{2'000}; ///< what is queued at the end gets this long
  std::chrono::milliseconds idle{500};           ///< without work for so long, the files are tidied up
  /// Set: a small database without work is closed, and its thread ends, until there is some: of a thousand
  /// stores in a process most are idle. What a closed one holds is lost when somebody empties the directory.
  std::shared_ptr<store::parked_stores> parked{};
};

/// Why a store cannot be opened.
struct store_fault {
  int exit_code = 0; ///< 73 not writable, 75 held by another process, 1 damaged or of a newer version
  std::string text;  ///< one line that says what to do about it
};

/// Opens the store; null and `why` on failure, after which the files are as they were. Decides at once about
/// a store that another process holds. Its destructor writes what is queued, within `last_attempt`; it may
/// run on any thread.
std::shared_ptr<store_port> open_sqlite_store(sqlite_store_options what, store_fault& why);

} // namespace relay
