#include "relay_gateway/app/store/tables/outbound_tables.hpp"

#include "relay_gateway/messages/wire/records.hpp"

#include <algorithm>
#include <utility>

namespace relay::store {

outbound_tables::statements::statements(SQLite::Database& file)
    : insert(file, "INSERT OR REPLACE INTO action VALUES(?,NULL,?,?,?,NULL)"),
      mark(file, "UPDATE action SET sending=?2 WHERE token=?1"),
      settle(file, "UPDATE action SET settled_at=?2, result=?3, request=NULL WHERE token=?1 "
                   "AND settled_at IS NULL"),
      insert_settled(file, "INSERT OR IGNORE INTO action VALUES(?,?,0,?,NULL,?)"),
      drop(file, "DELETE FROM action WHERE token=?"),
      forget(file, "DELETE FROM action WHERE token BETWEEN ? AND ?"),
      touch_chat(file, "UPDATE chat SET used=?3,scope_id=?4,user_id=?5,profile=?6,parent=?7,chat_type=?8,"
                       "chat_name=?9 WHERE platform=?1 AND chat_id=?2"),
      insert_chat(file, "INSERT INTO chat VALUES(?,?,?,?,?,?,?,?,?)"),
      drop_chats(file, "DELETE FROM chat WHERE (platform,chat_id) IN "
                       "(SELECT platform,chat_id FROM chat ORDER BY used LIMIT ?)") {}

outbound_tables::outbound_tables(SQLite::Database& file, const retention& rules, std::size_t max_chats,
                                 unreadable_row tell)
    : file_(file), sql_(file), settled_(rules), max_chats_(max_chats), tell_(std::move(tell)) {}

void outbound_tables::begin(std::uint64_t last_token, std::int64_t now) {
  saw(last_token);
  SQLite::Statement highest{file_, "SELECT max(token) FROM action"},
      uses{file_, "SELECT max(used) FROM chat"}, chats{file_, "SELECT count(*) FROM chat"};
  if (rows found{highest}; found.next()) saw(found.count(0));
  if (rows found{uses}; found.next()) uses_ = found.number(0);
  if (rows found{chats}; found.next()) chats_ = found.count(0);
  std::vector<retention::entry> settled;
  SQLite::Statement all{file_, "SELECT token,settled_at FROM action WHERE settled_at IS NOT NULL"};
  for (rows found{all}; found.next();) settled.push_back({found.number(1), found.count(0)});
  settled_.restore(std::move(settled), now);
  committed();
}

void outbound_tables::committed() {
  settled_.committed();
  committed_token_ = last_token_;
  committed_chats_ = chats_;
  at_risk_ = false;
}

void outbound_tables::rolled_back() {
  settled_.rolled_back();
  last_token_ = committed_token_;
  chats_ = committed_chats_;
  at_risk_ = false;
}

void outbound_tables::write(const action_taken& x, std::int64_t, store_receipt&) {
  saw(x.what.token);
  text_.clear();
  wire::append_kept(text_, x.what.what, x.what.where, x.what.until_ms);
  exec(sql_.insert, x.what.token, x.what.maybe_written, x.what.what.request_id, text_);
}

void outbound_tables::write(const action_marked& x, std::int64_t, store_receipt&) {
  exec(sql_.mark, x.token, x.maybe_written);
}

void outbound_tables::write(const action_settled& x, std::int64_t now, store_receipt&) {
  saw(x.token);
  if (x.request_id.empty()) {
    exec(sql_.drop, x.token);
    if (x.token == last_token_) at_risk_ = true;
    return;
  }
  text_.clear();
  wire::append_kept(text_, x.result);
  if (exec(sql_.settle, x.token, now, text_) > 0 ||
      exec(sql_.insert_settled, x.token, now, x.request_id, text_) > 0)
    settled_.settled(x.token, now);
}

void outbound_tables::write(const chat_routed& x, std::int64_t, store_receipt&) {
  const auto& r = x.what;
  const auto& [platform, chat_id] = r.chat;
  const auto& [scope_id, user_id, profile] = r.who;
  ++uses_;
  if (exec(sql_.touch_chat, platform, chat_id, uses_, scope_id, user_id, profile, r.parent_chat_id,
           r.chat_type, r.chat_name) > 0)
    return;
  exec(sql_.insert_chat, platform, chat_id, uses_, scope_id, user_id, profile, r.parent_chat_id, r.chat_type,
       r.chat_name);
  ++chats_;
}

void outbound_tables::trim(std::int64_t now, std::size_t limit) {
  forget(settled_.leave(now, limit));
  forget_chats(max_chats_, limit);
}

void outbound_tables::trim_to(std::size_t most, std::size_t limit) {
  forget(settled_.leave_beyond(most, limit));
  forget_chats(most, limit);
}

void outbound_tables::forget(const std::vector<std::uint64_t>& over) {
  for (std::size_t first = 0, last = 0; first < over.size(); first = last + 1) {
    for (last = first; last + 1 < over.size() && over[last + 1] == over[last] + 1;) ++last;
    exec(sql_.forget, over[first], over[last]);
    if (over[last] == last_token_) at_risk_ = true;
  }
}

void outbound_tables::forget_chats(std::uint64_t most, std::size_t limit) {
  if (chats_ > most)
    chats_ -=
        static_cast<std::uint64_t>(exec(sql_.drop_chats, std::min<std::uint64_t>(chats_ - most, limit)));
}

outbound_image outbound_tables::load(std::int64_t now) {
  outbound_image out;
  out.last_token = last_token_;
  std::vector<std::pair<std::uint64_t, action_result>> bad;
  SQLite::Statement actions{
      file_, "SELECT token,settled_at,sending,request_id,request,result FROM action ORDER BY token"};
  for (rows found{actions}; found.next();) {
    auto token = found.count(0);
    if (found.null(1)) {
      stored_action x{token, {}, {}, found.number(2) != 0};
      if (wire::read_kept(found.text(4), x.what, x.where, x.until_ms))
        out.open.push_back(std::move(x));
      else
        tell_("action", token, "it is no action");
      continue;
    }
    auto age = retention::age_ms(found.number(1), now);
    settled_action x{found.text(3), {}, static_cast<std::uint64_t>(age)};
    if (age > settled_.window_ms()) continue;
    if (!wire::read_kept(found.text(5), x.result)) {
      tell_("action", token, "its outcome cannot be read");
      x.result = action_result::ambiguous("the record of its outcome cannot be read");
    }
    out.settled.push_back(std::move(x));
  }
  std::stable_sort(out.settled.begin(), out.settled.end(),
                   [](auto& a, auto& b) { return a.age_ms > b.age_ms; });
  return out;
}

chat_page outbound_tables::chats_after(std::uint64_t use, std::size_t limit) {
  chat_page out;
  SQLite::Statement chats{file_,
                          "SELECT platform,chat_id,scope_id,user_id,profile,parent,chat_type,chat_name,used "
                          "FROM chat WHERE used>? ORDER BY used LIMIT ?"};
  for (rows found{chats, use, limit}; found.next(); out.next = found.count(8))
    out.chats.push_back({{},
                         {found.text(0), found.text(1)},
                         {found.text(2), found.text(3), found.text(4)},
                         found.text(5),
                         {},
                         {},
                         found.text(6),
                         found.text(7)});
  if (out.chats.size() < limit) out.next = 0;
  return out;
}

} // namespace relay::store
