#include "relay_gateway/app/store/tables/tables.hpp"

#include "relay_gateway/app/store/tables/schema.hpp"

#include <sqlite3.h>
#include <type_traits>
#include <utility>

namespace relay::store {

namespace {

/// Trimming waits for this many, or for a second, and then does twice what came, so that it keeps up.
constexpr std::size_t worth_trimming = 1'000;
constexpr std::int64_t trim_pause_ms = 1'000;
/// Forgotten at once where the disk is nearly full: few pages, so that hardly any journal is needed.
constexpr std::size_t few_rows = 256;
/// A file keeps this many unused pages for what comes next; beyond them it shrinks piece by piece.
constexpr std::uint64_t pages_to_keep = 8'192, shrink_pages = 1'024, few_pages = 16;

std::string meta_text(SQLite::Database& file, const char* key) {
  SQLite::Statement one{file, "SELECT value FROM meta WHERE key=?"};
  one.bind(1, key);
  return one.executeStep() ? one.getColumn(0).getString() : std::string{};
}
std::uint64_t meta_number(SQLite::Database& file, const char* key) {
  SQLite::Statement one{file, "SELECT value FROM meta WHERE key=?"};
  one.bind(1, key);
  return one.executeStep() ? static_cast<std::uint64_t>(one.getColumn(0).getInt64()) : 0;
}

/// SQLite tells after each commit how long the journal is now.
int journal_grew(void* pages, sqlite3*, const char*, int n) {
  *static_cast<std::uint64_t*>(pages) = static_cast<std::uint64_t>(n);
  return SQLITE_OK;
}

} // namespace

tables::tables(std::unique_ptr<SQLite::Database> file, const table_rules& rules)
    : rules_(rules), file_(std::move(file)), in_(*file_, {rules.window_ms, rules.entries},
                                                 meta_text(*file_, "instance"), rules.tell, rules.session_of),
      out_(*file_, {rules.window_ms, rules.entries}, rules.max_chats, rules.tell), conversations_(*file_),
      begin_(*file_, "BEGIN"), commit_(*file_, "COMMIT"), rollback_(*file_, "ROLLBACK"),
      set_meta_(*file_, "INSERT OR REPLACE INTO meta VALUES(?,?)"),
      set_fact_(*file_, "INSERT OR REPLACE INTO fact VALUES(?,?)"),
      drop_fact_(*file_, "DELETE FROM fact WHERE key=?"),
      checkpoint_(*file_, "PRAGMA wal_checkpoint(PASSIVE)"), count_spare_(*file_, "PRAGMA freelist_count"),
      shrink_(*file_, "PRAGMA incremental_vacuum(" + std::to_string(shrink_pages) + ")"),
      shrink_little_(*file_, "PRAGMA incremental_vacuum(" + std::to_string(few_pages) + ")") {
  page_bytes_ = static_cast<std::uint64_t>(file_->execAndGet("PRAGMA page_size").getInt64());
  sqlite3_wal_hook(file_->getHandle(), journal_grew, &journal_pages_);
  auto now = rules_.wall_ms();
  in_.begin(meta_number(*file_, "last_seq"), now);
  out_.begin(meta_number(*file_, "last_token"), now);
}

void tables::begin() {
  now_ = rules_.wall_ms();
  exec(begin_);
}

void tables::write(const store_record& x, store_receipt& out) {
  std::visit(
      [&](const auto& y) {
        using record = std::decay_t<decltype(y)>;
        if constexpr (std::is_same_v<record, fact>) {
          if (y.value.empty())
            exec(drop_fact_, y.key);
          else
            exec(set_fact_, y.key, y.value);
        } else if constexpr (std::is_same_v<record, conversation_kept>) {
          conversations_.write(y, now_);
          conversed_ = true;
        } else if constexpr (std::is_same_v<record, action_taken> || std::is_same_v<record, action_marked> ||
                             std::is_same_v<record, action_settled> || std::is_same_v<record, chat_routed>) {
          out_.write(y, now_, out);
        } else {
          in_.write(y, now_, out);
        }
      },
      x);
}

outbound_image tables::load_outbound() {
  auto image = out_.load(now_);
  image.turns = in_.turns(now_);
  return image;
}

void tables::commit(std::size_t records) {
  forget(records);
  end();
}

bool tables::forget_beyond(std::size_t most) {
  if (in_.remembered() <= most && out_.remembered() <= most) return false;
  begin();
  in_.trim_to(most, few_rows);
  out_.trim_to(most, few_rows);
  end();
  return true;
}

void tables::end() {
  write_meta();
  exec(commit_);
  in_.committed();
  out_.committed();
}

void tables::forget(std::size_t records) {
  auto over = in_.overdue(now_) + out_.overdue(now_);
  if (records == 0 || (over < worth_trimming && now_ - trimmed_ < trim_pause_ms && now_ >= trimmed_)) return;
  trimmed_ = now_;
  in_.trim(now_, 2 * (records + worth_trimming));
  out_.trim(now_, 2 * (records + worth_trimming));
  if (std::exchange(conversed_, false)) conversations_.trim(now_, worth_trimming);
}

/// The highest numbers ever given must not go back when the rows that have them are gone.
void tables::write_meta() {
  static const std::string last_seq = "last_seq", last_token = "last_token";
  if (in_.last_seq_at_risk()) exec(set_meta_, last_seq, in_.last_seq());
  if (out_.last_token_at_risk()) exec(set_meta_, last_token, out_.last_token());
}

void tables::rollback() noexcept {
  rollback_.tryReset();
  (void)rollback_.tryExecuteStep(); // SQLite may have done it by itself
  rollback_.tryReset();
  in_.rolled_back();
  out_.rolled_back();
}

std::map<std::string, std::string> tables::facts() {
  std::map<std::string, std::string> out;
  SQLite::Statement all{*file_, "SELECT key,value FROM fact"};
  for (rows found{all}; found.next();) out.emplace(found.text(0), found.text(1));
  return out;
}

int tables::schema() { return version_of(*file_); }

bool tables::checkpoint() {
  rows found{checkpoint_};
  if (!found.next() || found.number(0) != 0 || found.number(1) != found.number(2)) return false;
  journal_pages_ = 0;
  return true;
}

std::uint64_t tables::spare_pages() {
  rows found{count_spare_};
  return found.next() ? found.count(0) : 0;
}

std::uint64_t tables::spare_bytes() { return spare_pages() * page_bytes_; }

bool tables::shrink(bool scarce) {
  const auto spare = spare_pages();
  if (spare < (scarce ? few_pages : pages_to_keep + shrink_pages)) return false;
  rows piece{scarce ? shrink_little_ : shrink_};
  while (piece.next()) {
  }
  return true;
}

void tables::copy_to(const std::string& path) {
  SQLite::Statement copy{*file_, "VACUUM INTO ?"};
  copy.bind(1, path);
  copy.exec();
}

} // namespace relay::store
