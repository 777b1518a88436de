// From a directory to a checked connection of the current schema. Private to app/store.
#pragma once

#include "relay_gateway/app/store/state_directory.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <cstdint>
#include <memory>
#include <string>

namespace relay::store {

class tables;

/// Bytes of one page of a file that we make.
inline constexpr std::uint64_t page_bytes = 4096;
/// The journal is kept at this size at most: writing over it is cheaper than making it longer, and larger
/// ones only make a start after a crash slower.
inline constexpr std::uint64_t journal_bytes = 32ULL << 20;

/// A connection to the file of this directory, which is made when there is none. Null and `why` when it is
/// damaged, of a newer version or cannot be written; then it is left as it is.
std::unique_ptr<SQLite::Database> open_database(const state_directory& where, store_fault& why);
/// The same for a file that was checked by this process before. Throws SQLite::Exception.
std::unique_ptr<SQLite::Database> reopen_database(const std::string& path);
/// Puts a copy of everything into this directory, which has no database. Throws SQLite::Exception.
void put_copy(tables& from, const state_directory& where);
/// What an error of SQLite means for whoever wants to open this file.
store_fault fault_of(const std::string& path, const SQLite::Exception& x);

/// Sets aside what is there, with a word in its name on how it was; the new path, empty when there was none.
/// False and `why` on failure.
bool reset_database(const state_directory& where, std::int64_t unix_seconds, std::string& moved_to,
                    store_fault& why);

/// A text of SQLite on one line.
std::string one_line(std::string text);

} // namespace relay::store
