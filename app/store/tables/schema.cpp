#include "relay_gateway/app/store/tables/schema.hpp"

#include "relay_gateway/app/store/tables/key_upgrade.hpp"

#include <SQLiteCpp/Transaction.h>

#include <string>

namespace relay::store {

namespace {

/// Short columns first: what only looks at these never reads a long payload's further pages.
///
/// event: open events that memory holds too (settled_at NULL), and settled ones without their payload, whose
///   keys and routes are remembered. New rows come at the end of one b-tree and old ones go at its front, so
///   that an event costs three short writes there and no index.
/// spill: events that are only here. claim: guards their keys, by hash, until they are settled.
/// dead: set aside. An event without any platform in `event` is a decision about its keys alone.
constexpr const char* first_tables = R"sql(
CREATE TABLE event(
  seq INTEGER PRIMARY KEY, settled_at INTEGER, attempts INTEGER NOT NULL, marks INTEGER NOT NULL,
  platform TEXT NOT NULL, chat_id TEXT NOT NULL, scope_id TEXT NOT NULL, user_id TEXT NOT NULL,
  profile TEXT NOT NULL, parent TEXT NOT NULL, keys TEXT NOT NULL, payload TEXT);
CREATE TABLE spill(
  seq INTEGER PRIMARY KEY, settled_at INTEGER, attempts INTEGER NOT NULL, marks INTEGER NOT NULL,
  platform TEXT NOT NULL, chat_id TEXT NOT NULL, scope_id TEXT NOT NULL, user_id TEXT NOT NULL,
  profile TEXT NOT NULL, parent TEXT NOT NULL, keys TEXT NOT NULL, payload TEXT);
CREATE INDEX spill_chat ON spill(platform, chat_id);
CREATE TABLE claim(hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(hash, seq)) WITHOUT ROWID;
CREATE TABLE dead(
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, attempts INTEGER NOT NULL, marks INTEGER NOT NULL,
  platform TEXT NOT NULL, chat_id TEXT NOT NULL, scope_id TEXT NOT NULL, user_id TEXT NOT NULL,
  profile TEXT NOT NULL, parent TEXT NOT NULL, payload TEXT);
CREATE TABLE prompt(
  ord INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, until INTEGER NOT NULL, stage INTEGER NOT NULL,
  numbered INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE action(
  token INTEGER PRIMARY KEY, settled_at INTEGER, sending INTEGER NOT NULL, request_id TEXT NOT NULL,
  request TEXT, result TEXT);
CREATE TABLE chat(
  platform TEXT NOT NULL, chat_id TEXT NOT NULL, used INTEGER NOT NULL, scope_id TEXT NOT NULL,
  user_id TEXT NOT NULL, profile TEXT NOT NULL, parent TEXT NOT NULL,
  PRIMARY KEY(platform, chat_id)) WITHOUT ROWID;
CREATE INDEX chat_used ON chat(used);
CREATE TABLE fact(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('instance', lower(hex(randomblob(8))));
)sql";

/// How an event is answered in its thread, and what is known of a chat (protocol.md 6, routing 3, 5 and 6).
/// `event` and `spill` keep the same columns in the same order: rows move between them whole.
constexpr const char* threads_of_events = R"sql(
ALTER TABLE event ADD COLUMN thread_id TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN chat_type TEXT NOT NULL DEFAULT '';
ALTER TABLE spill ADD COLUMN thread_id TEXT NOT NULL DEFAULT '';
ALTER TABLE spill ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
ALTER TABLE spill ADD COLUMN chat_type TEXT NOT NULL DEFAULT '';
ALTER TABLE chat ADD COLUMN chat_type TEXT NOT NULL DEFAULT '';
ALTER TABLE chat ADD COLUMN chat_name TEXT NOT NULL DEFAULT '';
)sql";

/// Order is kept per session, so spilled events are found by it. An empty one is derived from the event when
/// the file is opened. Keys know the profile, and the version of a message. `opens_thread`: of route_seen.
constexpr const char* sessions_of_events = R"sql(
ALTER TABLE event ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE spill ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN opens_thread TEXT NOT NULL DEFAULT '';
ALTER TABLE spill ADD COLUMN opens_thread TEXT NOT NULL DEFAULT '';
DROP INDEX spill_chat;
CREATE INDEX spill_session ON spill(session);
)sql";

/// Sessions of an agent that asks a model.
constexpr const char* conversations = R"sql(
CREATE TABLE IF NOT EXISTS conversation(
  session TEXT PRIMARY KEY, used INTEGER NOT NULL, open INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS conversation_used ON conversation(used);
CREATE INDEX IF NOT EXISTS conversation_open ON conversation(open) WHERE open=1;
)sql";

} // namespace

const std::vector<schema_step>& schema_steps() {
  static const std::vector<schema_step> all{
      {1, first_tables}, {2, threads_of_events}, {3, sessions_of_events, upgrade_keys}, {4, conversations}};
  return all;
}

int version_of(SQLite::Database& file) { return file.execAndGet("PRAGMA user_version").getInt(); }

void migrate(SQLite::Database& file, const std::vector<schema_step>& steps) {
  for (auto at = version_of(file); const auto& step : steps) {
    if (step.to <= at) continue;
    SQLite::Transaction whole{file};
    file.exec(step.sql);
    if (step.then != nullptr) step.then(file);
    file.exec("PRAGMA user_version=" + std::to_string(step.to));
    whole.commit();
  }
}

} // namespace relay::store
