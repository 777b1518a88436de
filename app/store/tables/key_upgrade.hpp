// Dedupe keys as a file holds them. Private to app/store; throws SQLite::Exception.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <string_view>

namespace relay::store {

/// A key by which repeats are found; on disk, so never changed. Equal for all versions of a message.
std::int64_t hash_of_key(std::string_view key);

/// Rewrites the keys of the first format, which had neither profile nor participant nor version, so that
/// repeats of what an earlier version took are known. Buffer ids of that version are forgotten: their
/// connector is not known. Inside the transaction of a migration.
void upgrade_keys(SQLite::Database& file);

} // namespace relay::store
