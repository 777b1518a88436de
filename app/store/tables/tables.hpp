// One transaction at a time over all tables. Private to app/store; one thread; throws SQLite::Exception.
#pragma once

#include "relay_gateway/app/store/tables/conversation_table.hpp"
#include "relay_gateway/app/store/tables/outbound_tables.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace relay::store {

struct table_rules {
  std::int64_t window_ms = 600'000;
  std::size_t entries = 100'000, max_chats = 1'000'000;
  std::function<std::int64_t()> wall_ms;
  unreadable_row tell;
  session_namer session_of;
};

class tables {
public:
  tables(std::unique_ptr<SQLite::Database> file, const table_rules& rules);
  tables(const tables&) = delete;
  tables& operator=(const tables&) = delete;

  void begin();
  void write(const store_record& x, store_receipt& out);
  inbound_image load_inbound() { return in_.load(now_); }
  outbound_image load_outbound();
  chat_page chats_after(std::uint64_t use, std::size_t limit) { return out_.chats_after(use, limit); }
  recalled_events recall(const std::string& session, std::size_t limit) {
    return in_.recall(session, limit, now_);
  }
  spill_page scan(std::uint64_t after, std::size_t limit) { return in_.scan(after, limit); }
  std::vector<dead_letter> dead_letters(std::uint64_t after, std::size_t limit) {
    return in_.dead_letters(after, limit, now_);
  }
  std::vector<conversation_kept> conversations(const std::string& session) {
    return conversations_.load(session);
  }
  /// On disk when it returns. What is over goes with it, in slices that keep up with what comes.
  void commit(std::size_t records);
  /// As it was before begin().
  void rollback() noexcept;
  /// A transaction of its own that forgets some of what is settled, and routes of chats, of each beyond the
  /// newest `most`; false when there is nothing more of it. On an exception, rollback() follows.
  bool forget_beyond(std::size_t most);

  std::map<std::string, std::string> facts();
  int schema();
  /// Bytes of the journal that a checkpoint() would bring into the file.
  std::uint64_t journal_bytes() const { return journal_pages_ * page_bytes_; }
  /// Bytes of the file that hold nothing: what comes goes there before the file grows.
  std::uint64_t spare_bytes();
  /// False when not all of it could be.
  bool checkpoint();
  /// Gives a piece of the file back to the disk when much of it is unused; true when there may be more.
  /// `scarce`: all that is unused, in pieces that need hardly any journal.
  bool shrink(bool scarce);
  /// Writes all of it to a file that is not there yet.
  void copy_to(const std::string& path);

private:
  std::uint64_t spare_pages();
  void write_meta();
  void end();
  void forget(std::size_t records);

  table_rules rules_;
  std::unique_ptr<SQLite::Database> file_;
  std::uint64_t page_bytes_ = 0, journal_pages_ = 0;
  inbound_tables in_;
  outbound_tables out_;
  conversation_table conversations_;
  std::int64_t now_ = 0, trimmed_ = 0;
  bool conversed_ = false;                      // since the last trim
  SQLite::Statement begin_, commit_, rollback_; // prepared at once: a rollback must not fail
  statement set_meta_, set_fact_, drop_fact_, checkpoint_, count_spare_, shrink_, shrink_little_;
};

} // namespace relay::store
