// The way out on disk: accepted actions, their outcomes, how chats were answered last (messages/records.hpp).
// Private to app/store; one thread, inside the transaction that its owner holds; throws SQLite::Exception.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/store/tables/inbound_tables.hpp"

#include <algorithm>

namespace relay::store {

class outbound_tables {
public:
  outbound_tables(SQLite::Database& file, const retention& rules, std::size_t max_chats, unreadable_row tell);
  /// Reads what is kept in memory of the tables. `last_token`: at least so high is the highest one.
  void begin(std::uint64_t last_token, std::int64_t now);

  void write(const action_taken& x, std::int64_t now, store_receipt& out);
  void write(const action_marked& x, std::int64_t now, store_receipt& out);
  void write(const action_settled& x, std::int64_t now, store_receipt& out);
  void write(const chat_routed& x, std::int64_t now, store_receipt& out);

  /// All but the turns, which the way in knows, and the chats.
  outbound_image load(std::int64_t now);
  chat_page chats_after(std::uint64_t use, std::size_t limit);

  /// Settled actions that are over; trim() forgets at most so many of them, and of chats beyond the bound.
  std::size_t overdue(std::int64_t now) const { return settled_.overdue(now); }
  void trim(std::int64_t now, std::size_t limit);
  /// The larger of the numbers of settled actions and of chats; trim_to() forgets at most `limit` of those of
  /// each beyond the newest `most`.
  std::size_t remembered() const { return std::max<std::size_t>(settled_.size(), chats_); }
  void trim_to(std::size_t most, std::size_t limit);
  std::uint64_t last_token() const { return last_token_; }
  /// The rows may not tell last_token() any more.
  bool last_token_at_risk() const { return at_risk_; }
  void committed();
  void rolled_back();

private:
  struct statements {
    explicit statements(SQLite::Database& file);
    statement insert, mark, settle, insert_settled, drop, forget;
    statement touch_chat, insert_chat, drop_chats;
  };
  void forget(const std::vector<std::uint64_t>& over);
  void forget_chats(std::uint64_t most, std::size_t limit);
  void saw(std::uint64_t token) {
    if (token > last_token_) last_token_ = token;
  }

  SQLite::Database& file_;
  statements sql_;
  retention settled_;
  std::size_t max_chats_;
  unreadable_row tell_;
  std::uint64_t last_token_ = 0, committed_token_ = 0;
  std::uint64_t chats_ = 0, committed_chats_ = 0; ///< rows
  std::int64_t uses_ = 0; ///< grows with each use of a chat; the newest has the highest
  bool at_risk_ = false;
  std::string text_; // what is bound must live until it has been run
};

} // namespace relay::store
