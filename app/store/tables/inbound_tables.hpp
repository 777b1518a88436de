// The way in on disk: open, spilled, settled and dead events, prompts (messages/records.hpp). Private to
// app/store; one thread, inside the transaction that its owner holds; throws SQLite::Exception.
#pragma once

#include "relay_gateway/app/store/retention.hpp"
#include "relay_gateway/app/store/tables/sql.hpp"
#include "relay_gateway/messages/records.hpp"

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay::store {

/// Told of a row that cannot be read any more: its table and key, why, and what becomes of it.
using unreadable_row = std::function<void(const char* table, std::uint64_t key, const std::string& why)>;

/// The session key of an event (sqlite_store_options).
using session_namer = std::function<std::string(const inbound_event&)>;

class inbound_tables {
public:
  inbound_tables(SQLite::Database& file, const retention& rules, std::string instance, unreadable_row tell,
                 session_namer session_of);
  /// Reads what is kept in memory of the tables. `last_seq`: at least so high is the highest one.
  void begin(std::uint64_t last_seq, std::int64_t now);

  // Each record as messages/records.hpp says. `now`: unix ms.
  void write(const event_taken& x, std::int64_t now, store_receipt& out);
  void write(const event_keyed& x, std::int64_t now, store_receipt& out);
  void write(const event_tried& x, std::int64_t now, store_receipt& out);
  void write(const event_settled& x, std::int64_t now, store_receipt& out);
  void write(const keys_settled& x, std::int64_t now, store_receipt& out);
  void write(const event_dead& x, std::int64_t now, store_receipt& out);
  void write(const dead_gone& x, std::int64_t now, store_receipt& out);
  void write(const prompt_kept& x, std::int64_t now, store_receipt& out);
  void write(const prompt_gone& x, std::int64_t now, store_receipt& out);

  inbound_image load(std::int64_t now);
  /// Routes of events, for the way out.
  std::vector<route_seen> turns(std::int64_t now);
  recalled_events recall(const std::string& session, std::size_t limit, std::int64_t now);
  spill_page scan(std::uint64_t after_seq, std::size_t limit);
  std::vector<dead_letter> dead_letters(std::uint64_t after_seq, std::size_t limit, std::int64_t now);

  /// Settled events that are over; trim() forgets at most so many of them.
  std::size_t overdue(std::int64_t now) const { return settled_.overdue(now); }
  void trim(std::int64_t now, std::size_t limit) { forget(settled_.leave(now, limit)); }
  /// Settled events that are there; trim_to() forgets at most `limit` of those beyond the newest `most`.
  std::size_t remembered() const { return settled_.size(); }
  void trim_to(std::size_t most, std::size_t limit) { forget(settled_.leave_beyond(most, limit)); }
  std::uint64_t last_seq() const { return last_seq_; }
  /// The rows may not tell last_seq() any more.
  bool last_seq_at_risk() const { return at_risk_; }
  void committed();
  void rolled_back();

private:
  struct statements {
    explicit statements(SQLite::Database& file);
    statement insert_event, insert_spill, insert_keys, set_keys, set_spill_keys, set_attempts, settle;
    statement claim, claims_of, release, keys_of, unspill, drop_spill, forget;
    statement insert_dead, drop_dead_letter, drop_dead, keep_prompt, drop_prompt;
    statement oldest_spilled, count_spilled, page_of_spill;
  };
  void insert(statement& into, const stored_event& x);
  void settle(std::uint64_t seq, const std::vector<std::string>& keys, std::int64_t now);
  void take_back(std::uint64_t seq);
  void forget(const std::vector<std::uint64_t>& over);
  void set_unreadable_aside(std::uint64_t seq, const std::string& why, std::int64_t now);
  std::vector<std::string> keys_of(std::uint64_t seq);
  bool is_repeat(const event_taken& x);
  void guard(const std::vector<std::string>& keys, std::uint64_t seq);
  void unguard(const std::vector<std::string>& keys, std::uint64_t seq);
  std::uint64_t& spilled_of(const std::string& session);
  void name_sessions();
  const std::string& text_of(const std::vector<std::string>& keys);
  void load_events(inbound_image& out, std::int64_t now);
  void load_prompts(inbound_image& out, std::int64_t now);
  void saw(std::uint64_t seq) {
    if (seq > last_seq_) last_seq_ = seq;
  }

  SQLite::Database& file_;
  statements sql_;
  retention settled_;
  std::string instance_;
  unreadable_row tell_;
  std::uint64_t last_seq_ = 0, committed_seq_ = 0;
  bool at_risk_ = false;
  session_namer session_of_;
  /// Spilled events of sessions that were asked for lately, so that a recall need not count them again.
  std::unordered_map<std::string, std::uint64_t> spilled_;
  std::string keys_text_, event_text_; // what is bound must live until it has been run
};

} // namespace relay::store
