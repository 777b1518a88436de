// The directory of the store: made, owned, locked. Private to app/store.
#pragma once

#include "relay_gateway/app/store/sqlite_store.hpp"

#include <cstdint>
#include <limits>
#include <string>

namespace relay::store {

/// Bytes; no size when nobody knows, and then much is free.
struct disk_space {
  std::uint64_t size = 0, free = std::numeric_limits<std::uint64_t>::max();
};

/// Makes the directory if need be and holds its lock while it lives; the lock is free as soon as this process
/// is gone, however it ends.
class state_directory {
public:
  state_directory() = default;
  state_directory(state_directory&& other) noexcept;
  state_directory& operator=(state_directory&& other) noexcept;
  state_directory(const state_directory&) = delete;
  state_directory& operator=(const state_directory&) = delete;
  ~state_directory();

  /// False and `why` (73, 75) when it cannot be had. Never waits.
  bool take(const std::string& path, store_fault& why);

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/relay.db"; }

  /// Renames the database with what belongs to it to `relay.db.<kind>-<unix seconds>`, or the like if that is
  /// taken; the new path. Empty and `why` when that fails; when there is no database, a lone journal goes.
  std::string set_aside(const std::string& kind, std::int64_t unix_seconds, store_fault& why) const;
  /// What is at its path now, compared with what was there when the database was opened last.
  enum class place : std::uint8_t {
    here,
    gone,  ///< no directory is there
    empty, ///< a directory without a database
    other  ///< another database
  };
  place look() const;
  /// Whether the directory of its path, and the lock in it, are those that this object holds.
  bool is_own() const;
  /// The database is open: the file of its name is the one that look() compares with.
  void opened();
  /// A connection was opened: its journal is another file than that of the one before.
  void journal_ended() { journal_ = 0; }
  /// Something was written: the file of the journal's name is the one that journal_lost() compares with.
  void journal_begun();
  /// The journal is not at its path any more: whatever only it has ends with the connection that has it open.
  bool journal_lost() const;
  /// Makes renames in it last.
  void sync() const;
  /// Of its file system.
  disk_space space() const;
  /// Bytes of the journal's file, used or not.
  std::uint64_t journal_file_bytes() const;
  /// Bytes of the database and its journal.
  std::uint64_t used_bytes() const;

private:
  std::string path_;
  int lock_ = -1, directory_ = -1;
  std::uint64_t device_ = 0, file_ = 0; ///< of the database
  std::uint64_t journal_ = 0;           ///< the file of its journal; 0 = none is known
};

} // namespace relay::store
