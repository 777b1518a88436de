#include "relay_gateway/app/store/tables/conversation_table.hpp"

namespace relay::store {

namespace {
constexpr std::int64_t longest_unused_ms = 30LL * 24 * 3'600'000;
constexpr std::int64_t most_sessions = 100'000;
} // namespace

conversation_table::conversation_table(SQLite::Database& file)
    : put_(file, "INSERT OR REPLACE INTO conversation VALUES(?,?,?,?)"),
      drop_(file, "DELETE FROM conversation WHERE session=?"),
      one_(file, "SELECT session,open,body FROM conversation WHERE session=?"),
      open_(file, "SELECT session,open,body FROM conversation WHERE open=1 ORDER BY used"),
      drop_old_(file, "DELETE FROM conversation WHERE session IN (SELECT session FROM conversation "
                      "WHERE used<? AND open=0 ORDER BY used LIMIT ?)"),
      drop_more_(file, "DELETE FROM conversation WHERE session IN (SELECT session FROM conversation "
                       "WHERE open=0 ORDER BY used LIMIT ?)"),
      count_(file, "SELECT count(*) FROM conversation") {}

void conversation_table::write(const conversation_kept& x, std::int64_t now) {
  if (x.body.empty())
    exec(drop_, x.session);
  else
    exec(put_, x.session, now, x.open, x.body);
}

std::vector<conversation_kept> conversation_table::load(const std::string& session) {
  std::vector<conversation_kept> out;
  const auto add = [&out](rows& found) {
    while (found.next()) out.push_back({found.text(0), found.text(2), found.number(1) != 0});
  };
  if (session.empty()) {
    rows all{open_};
    add(all);
  } else {
    rows one{one_, session};
    add(one);
  }
  return out;
}

void conversation_table::trim(std::int64_t now, std::size_t limit) {
  exec(drop_old_, now - longest_unused_ms, limit);
  std::int64_t all = 0;
  if (rows found{count_}; found.next()) all = found.number(0);
  if (all > most_sessions) exec(drop_more_, all - most_sessions);
}

} // namespace relay::store
