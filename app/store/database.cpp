#include "relay_gateway/app/store/database.hpp"

#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/store/tables/schema.hpp"
#include "relay_gateway/app/store/tables/tables.hpp"

#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sqlite3.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace relay::store {

namespace fs = std::filesystem;

namespace {

const int connection_flags = SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX;

store_fault damaged(const std::string& path, const std::string& how) {
  return {exit_code::failure, path + " is damaged (" + one_line(how) +
                                  "); put a backup in its place, or start with --state-reset, which keeps it "
                                  "under another name and begins anew"};
}

/// Whether the last connection's end takes the journal into the file: not into one that may be damaged.
void merge_on_close(SQLite::Database& file, bool on) {
  sqlite3_db_config(file.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

/// Only to look: nothing of the file is believed, or changed, before it is checked.
std::unique_ptr<SQLite::Database> look_into(const std::string& path) {
  auto file = std::make_unique<SQLite::Database>(path, connection_flags);
  merge_on_close(*file, false);
  // The lock is ours for good, which also keeps the journal's index out of the file system.
  file->exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
             "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000;");
  return file;
}

void prepare_to_write(SQLite::Database& file) {
  file.exec("PRAGMA journal_mode=WAL");
  file.exec("PRAGMA synchronous=FULL; PRAGMA secure_delete=FAST; PRAGMA wal_autocheckpoint=0;"
            "PRAGMA journal_size_limit=" +
            std::to_string(journal_bytes));
  merge_on_close(file, true);
}

/// What is in the file is there after a power cut.
void make_durable(const std::string& path) {
  const auto fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  const auto good = fd >= 0 && ::fsync(fd) == 0;
  const auto why = errno;
  if (fd >= 0) ::close(fd);
  if (!good) throw SQLite::Exception(std::strerror(why), SQLITE_CANTOPEN);
}

/// What SQLite has allocated.
struct sqlite_bytes {
  unsigned char* data = nullptr;
  sqlite3_int64 size = 0;
};

sqlite_bytes image_of(SQLite::Database& file) {
  sqlite_bytes out;
  out.data = sqlite3_serialize(file.getHandle(), "main", &out.size, 0);
  if (out.data == nullptr) throw SQLite::Exception("no memory for a new database", SQLITE_NOMEM);
  return out;
}

/// A database without rows, as bytes. Made once: the steps of its schema take longer than all the rest.
const std::string& empty_image() {
  static const std::string image = [] {
    SQLite::Database file{":memory:", connection_flags};
    file.exec("PRAGMA page_size=" + std::to_string(page_bytes) + "; PRAGMA auto_vacuum=INCREMENTAL;");
    file.exec("PRAGMA application_id=" + std::to_string(application_id));
    migrate(file, schema_steps());
    const auto made = image_of(file);
    const std::unique_ptr<unsigned char, void (*)(void*)> owner{made.data, sqlite3_free};
    return std::string{reinterpret_cast<const char*>(made.data), static_cast<std::size_t>(made.size)};
  }();
  return image;
}

/// The same with a name of its own, which begins the ids of its deliveries.
std::string fresh_image() {
  const auto& empty = empty_image();
  const auto size = static_cast<sqlite3_int64>(empty.size());
  auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(empty.size()));
  if (copy == nullptr) throw SQLite::Exception("no memory for a new database", SQLITE_NOMEM);
  std::copy(empty.begin(), empty.end(), copy);
  SQLite::Database file{":memory:", connection_flags};
  const auto code =
      sqlite3_deserialize(file.getHandle(), "main", copy, size, size, SQLITE_DESERIALIZE_FREEONCLOSE);
  if (code != SQLITE_OK) throw SQLite::Exception(file.getHandle(), code);
  file.exec("UPDATE meta SET value=lower(hex(randomblob(8))) WHERE key='instance'");
  const auto made = image_of(file);
  const std::unique_ptr<unsigned char, void (*)(void*)> owner{made.data, sqlite3_free};
  std::string out{reinterpret_cast<const char*>(made.data), static_cast<std::size_t>(made.size)};
  // It is written to a journal of its own from the beginning (the file format, 1.3.3).
  constexpr std::size_t write_version = 18, read_version = 19;
  out[write_version] = out[read_version] = 2;
  return out;
}

/// What is in it then is there after a power cut.
void write_new_file(const std::string& path, std::string_view text) {
  const auto fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  auto good = fd >= 0;
  while (good && !text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) text.remove_prefix(static_cast<std::size_t>(n));
  }
  good = good && ::fsync(fd) == 0;
  const auto why = errno;
  if (fd >= 0) ::close(fd);
  if (good) return;
  const bool full = why == ENOSPC || why == EDQUOT;
  throw SQLite::Exception(full ? sqlite3_errstr(SQLITE_FULL) : std::strerror(why),
                          full ? SQLITE_FULL : SQLITE_CANTOPEN);
}

/// Under another name first, so that a file of the right name is always a complete one.
void make_fresh(const state_directory& where) {
  auto path = where.database() + ".new";
  std::error_code ignored;
  for (const auto* part : {"", "-journal", "-wal", "-shm"}) fs::remove(path + part, ignored);
  write_new_file(path, fresh_image());
  if (::rename(path.c_str(), where.database().c_str()) != 0)
    throw SQLite::Exception(std::strerror(errno), SQLITE_CANTOPEN);
  where.sync();
}

/// What is wrong with the file; no code when nothing is.
store_fault check(SQLite::Database& file, const std::string& path) {
  if (file.execAndGet("PRAGMA page_count").getInt64() == 0) return damaged(path, "it is empty");
  SQLite::Statement quick{file, "PRAGMA quick_check(1)"};
  if (!quick.executeStep()) return damaged(path, "it cannot be checked");
  if (auto found = quick.getColumn(0).getString(); found != "ok") return damaged(path, found);
  if (file.execAndGet("PRAGMA application_id").getInt() != application_id)
    return damaged(path, "it is a database of something else");
  auto version = version_of(file), newest = schema_steps().back().to;
  if (version > newest)
    return {exit_code::failure, path + " was written by a newer relay-gateway (schema " +
                                    std::to_string(version) + ", this one knows " + std::to_string(newest) +
                                    "); run that version, or start with --state-reset, which keeps the file "
                                    "under another name and begins anew"};
  if (version < 1) return damaged(path, "it has no schema");
  return {};
}

} // namespace

store_fault fault_of(const std::string& path, const SQLite::Exception& x) {
  switch (x.getErrorCode()) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return {exit_code::state_held, path + " is in use by another process; stop that one first"};
  case SQLITE_NOTADB: return damaged(path, "it is no SQLite database");
  case SQLITE_CORRUPT: return damaged(path, x.what());
  case SQLITE_CANTOPEN:
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_FULL:
    return {exit_code::state_not_writable, path + " cannot be written (" + one_line(x.what()) +
                                               "); make room or give another directory with --state-dir"};
  default:
    return {exit_code::failure, path + " cannot be used (" + one_line(x.what()) +
                                    "); see to the disk, or give another directory with "
                                    "--state-dir"};
  }
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

std::unique_ptr<SQLite::Database> open_database(const state_directory& where, store_fault& why) {
  const auto path = where.database();
  try {
    std::error_code ec;
    if (!fs::exists(fs::symlink_status(path, ec))) {
      // A journal without its database belongs to nothing; beside a new one it would be taken for its own.
      (void)where.set_aside("old", 0, why);
      if (why.exit_code != 0) return nullptr;
      make_fresh(where);
    }
    auto file = look_into(path);
    why = check(*file, path);
    if (why.exit_code != 0) return nullptr;
    prepare_to_write(*file);
    migrate(*file, schema_steps());
    return file;
  } catch (const SQLite::Exception& x) {
    why = fault_of(path, x);
    return nullptr;
  }
}

std::unique_ptr<SQLite::Database> reopen_database(const std::string& path) {
  auto file = look_into(path);
  prepare_to_write(*file);
  return file;
}

void put_copy(tables& from, const state_directory& where) {
  const auto path = where.database() + ".new";
  std::error_code ignored;
  fs::remove(path, ignored);
  from.copy_to(path);
  if (::chmod(path.c_str(), 0600) != 0) throw SQLite::Exception(std::strerror(errno), SQLITE_CANTOPEN);
  make_durable(path);
  // A journal that lies there would be taken for that of the copy.
  for (const auto* part : {"-journal", "-wal", "-shm"}) fs::remove(where.database() + part, ignored);
  if (::rename(path.c_str(), where.database().c_str()) != 0)
    throw SQLite::Exception(std::strerror(errno), SQLITE_CANTOPEN);
  where.sync();
}

bool reset_database(const state_directory& where, std::int64_t unix_seconds, std::string& moved_to,
                    store_fault& why) {
  std::error_code ec;
  if (!fs::exists(fs::symlink_status(where.database(), ec))) return true;
  store_fault state;
  (void)open_database(where, state); // closed at once; a good one takes its journal in
  moved_to = where.set_aside(state.exit_code == exit_code::failure ? "corrupt" : "old", unix_seconds, why);
  return why.exit_code == 0;
}

} // namespace relay::store
