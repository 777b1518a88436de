// The tables of the store and how an older file becomes a current one. Private to app/store.
#pragma once

#include <SQLiteCpp/Database.h>

#include <vector>

namespace relay::store {

/// Marks our files (PRAGMA application_id): "Relg".
inline constexpr int application_id = 0x52656c67;

/// SQL that makes a file of version `to` out of one of version `to - 1`. Never changed once it was released.
struct schema_step {
  int to = 0;
  const char* sql = "";
  void (*then)(SQLite::Database&) = nullptr; ///< what SQL cannot say; runs behind `sql`
};
/// All of them, in order; the first makes the tables of an empty file.
const std::vector<schema_step>& schema_steps();

/// The version of a file (PRAGMA user_version); 0 = it has no tables yet.
int version_of(SQLite::Database& file);
/// Takes the file through the steps that it lacks, each in a transaction of its own that also writes the
/// version. Throws SQLite::Exception; then the file is of the last version that it reached.
void migrate(SQLite::Database& file, const std::vector<schema_step>& steps);

} // namespace relay::store
