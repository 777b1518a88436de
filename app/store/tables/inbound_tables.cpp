#include "relay_gateway/app/store/tables/inbound_tables.hpp"

#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/app/store/tables/key_upgrade.hpp"
#include "relay_gateway/messages/wire/records.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <utility>

namespace relay::store {

namespace {

/// Of more sessions than this a recall counts anew.
constexpr std::size_t most_counted_sessions = 10'000;

} // namespace

inbound_tables::statements::statements(SQLite::Database& file)
    : insert_event(file, "INSERT OR REPLACE INTO event VALUES(?,NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      insert_spill(file, "INSERT OR REPLACE INTO spill VALUES(?,NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
      insert_keys(file,
                  "INSERT OR REPLACE INTO event VALUES(?1,?2,0,0,'','','','','','',?3,NULL,'','','','','')"),
      set_keys(file, "UPDATE event SET keys=?2 WHERE seq=?1"),
      set_spill_keys(file, "UPDATE spill SET keys=?2 WHERE seq=?1"),
      set_attempts(file, "UPDATE event SET attempts=?2 WHERE seq=?1"),
      settle(file, "UPDATE event SET settled_at=?2, payload=NULL WHERE seq=?1 AND settled_at IS NULL"),
      claim(file, "INSERT OR IGNORE INTO claim VALUES(?,?)"),
      claims_of(file, "SELECT seq FROM claim WHERE hash=?"),
      release(file, "DELETE FROM claim WHERE hash=? AND seq=?"),
      keys_of(file, "SELECT keys FROM spill WHERE seq=?1 UNION ALL SELECT keys FROM event WHERE seq=?1"),
      unspill(file, "INSERT OR REPLACE INTO event SELECT * FROM spill WHERE seq=?"),
      drop_spill(file, "DELETE FROM spill WHERE seq=?"),
      forget(file, "DELETE FROM event WHERE seq BETWEEN ? AND ?"),
      insert_dead(file, "INSERT OR REPLACE INTO dead VALUES(?,?,?,?,?,?,?,?,?,?,?)"),
      drop_dead_letter(file, "INSERT OR REPLACE INTO dead SELECT "
                             "seq,?2,attempts&0x3fffffff,marks,platform,chat_id,scope_id,user_id,"
                             "profile,parent,payload FROM event WHERE seq=?1"),
      drop_dead(file, "DELETE FROM dead WHERE seq=?"),
      keep_prompt(file, "INSERT OR REPLACE INTO prompt VALUES(NULL,?,?,?,?,?)"),
      drop_prompt(file, "DELETE FROM prompt WHERE id=?"),
      oldest_spilled(file, "SELECT seq,attempts,marks,keys,payload FROM spill WHERE session=? "
                           "ORDER BY seq LIMIT ?"),
      count_spilled(file, "SELECT count(*) FROM spill WHERE session=?"),
      page_of_spill(file, "SELECT seq,session FROM spill WHERE seq>? ORDER BY seq LIMIT ?") {}

inbound_tables::inbound_tables(SQLite::Database& file, const retention& rules, std::string instance,
                               unreadable_row tell, session_namer session_of)
    : file_(file), sql_(file), settled_(rules), instance_(std::move(instance)), tell_(std::move(tell)),
      session_of_(std::move(session_of)) {}

void inbound_tables::begin(std::uint64_t last_seq, std::int64_t now) {
  saw(last_seq);
  for (const auto* table : {"event", "spill", "dead"}) {
    SQLite::Statement highest{file_, std::string{"SELECT max(seq) FROM "} + table};
    if (rows found{highest}; found.next()) saw(found.count(0));
  }
  std::vector<retention::entry> settled;
  SQLite::Statement all{file_, "SELECT seq,settled_at FROM event WHERE settled_at IS NOT NULL"};
  for (rows found{all}; found.next();) settled.push_back({found.number(1), found.count(0)});
  settled_.restore(std::move(settled), now);
  name_sessions();
  committed();
}

/// Of spilled events that a version took which knew no sessions.
void inbound_tables::name_sessions() {
  SQLite::Statement some{file_, "SELECT seq,marks,payload FROM spill WHERE session='' LIMIT 500"};
  SQLite::Statement set{file_, "UPDATE spill SET session=?2 WHERE seq=?1"};
  for (;;) {
    std::vector<std::pair<std::uint64_t, std::string>> named;
    for (rows found{some}; found.next();) {
      inbound_event event;
      std::string why, session = "unreadable"; // its recall sets it aside
      if (wire::read_kept_event(found.text(2), static_cast<std::uint8_t>(found.number(1)), event, why))
        session = session_of_(event);
      named.emplace_back(found.count(0), std::move(session));
    }
    if (named.empty()) return;
    SQLite::Transaction page{file_};
    for (const auto& [seq, session] : named) exec(set, seq, session);
    page.commit();
  }
}

void inbound_tables::committed() {
  settled_.committed();
  committed_seq_ = last_seq_;
  at_risk_ = false;
}

void inbound_tables::rolled_back() {
  settled_.rolled_back();
  spilled_.clear();
  last_seq_ = committed_seq_;
  at_risk_ = false;
}

// -- events ----------------------------------------------------------------------------------------------

void inbound_tables::write(const event_taken& x, std::int64_t, store_receipt& out) {
  saw(x.what.seq);
  if ((x.spilled || x.compared) && is_repeat(x)) {
    out.refused.push_back(x.what.seq);
    at_risk_ = true;
    return;
  }
  if (!x.spilled) return insert(sql_.insert_event, x.what);
  guard(x.what.keys, x.what.seq);
  insert(sql_.insert_spill, x.what);
  if (auto it = spilled_.find(x.what.session); it != spilled_.end()) ++it->second;
}

void inbound_tables::write(const event_keyed& x, std::int64_t, store_receipt&) {
  if (exec(sql_.set_keys, x.seq, text_of(x.keys)) > 0) return;
  if (exec(sql_.set_spill_keys, x.seq, text_of(x.keys)) > 0) guard(x.keys, x.seq);
}

void inbound_tables::write(const event_tried& x, std::int64_t, store_receipt&) {
  exec(sql_.set_attempts, x.seq, x.attempts);
}

void inbound_tables::write(const event_settled& x, std::int64_t now, store_receipt&) {
  settle(x.seq, x.keys, now);
}

void inbound_tables::write(const keys_settled& x, std::int64_t now, store_receipt&) {
  saw(x.seq);
  exec(sql_.insert_keys, x.seq, now, text_of(x.keys));
  settled_.settled(x.seq, now);
}

void inbound_tables::write(const event_dead& x, std::int64_t now, store_receipt&) {
  const auto& source = x.event->source;
  exec(sql_.insert_dead, x.seq, now, x.attempts, wire::marks_of(*x.event), source.platform, source.chat_id,
       source.scope_id, source.user_id, source.profile, source.parent_chat_id,
       wire::text_of(*x.event, event_text_));
  settle(x.seq, x.keys, now);
}

void inbound_tables::write(const dead_gone& x, std::int64_t, store_receipt&) {
  exec(sql_.drop_dead, x.seq);
  if (x.seq == last_seq_) at_risk_ = true;
}

void inbound_tables::insert(statement& into, const stored_event& x) {
  const auto& event = *x.event;
  const auto& source = event.source;
  static const std::string nowhere;
  exec(into, x.seq, x.attempts, wire::marks_of(event), source.platform, source.chat_id, source.scope_id,
       source.user_id, source.profile, source.parent_chat_id, text_of(x.keys),
       wire::text_of(event, event_text_), source.thread_id, event.message_id,
       wire::chat_type_of(source, x.session), x.session,
       source.thread_id.empty() ? source.prospective_thread_id : nowhere);
}

void inbound_tables::settle(std::uint64_t seq, const std::vector<std::string>& keys, std::int64_t now) {
  saw(seq);
  unguard(keys, seq);
  if (exec(sql_.settle, seq, now) > 0) return settled_.settled(seq, now);
  // Somebody settles what is on disk only, or what never was here: its keys are remembered all the same.
  auto known = keys_of(seq);
  unguard(known, seq);
  take_back(seq);
  if (exec(sql_.settle, seq, now) > 0) {
    settled_.settled(seq, now);
  } else if (known.empty() && !keys.empty()) {
    exec(sql_.insert_keys, seq, now, text_of(keys));
    settled_.settled(seq, now);
  } else if (seq == last_seq_) {
    at_risk_ = true; // there may be no row that has it
  }
}

void inbound_tables::take_back(std::uint64_t seq) {
  exec(sql_.unspill, seq);
  if (exec(sql_.drop_spill, seq) > 0) spilled_.clear();
}

void inbound_tables::forget(const std::vector<std::uint64_t>& over) {
  for (std::size_t first = 0, last = 0; first < over.size(); first = last + 1) {
    for (last = first; last + 1 < over.size() && over[last + 1] == over[last] + 1;) ++last;
    exec(sql_.forget, over[first], over[last]);
    if (over[last] == last_seq_) at_risk_ = true;
  }
}

// -- keys ------------------------------------------------------------------------------------------------

const std::string& inbound_tables::text_of(const std::vector<std::string>& keys) {
  keys_text_.clear();
  wire::append_kept(keys_text_, keys);
  return keys_text_;
}

std::vector<std::string> inbound_tables::keys_of(std::uint64_t seq) {
  std::vector<std::string> out;
  if (rows found{sql_.keys_of, seq}; found.next()) wire::read_kept(found.text(0), out);
  return out;
}

bool inbound_tables::is_repeat(const event_taken& x) {
  const bool edit = x.what.event->source.message_is_edit;
  auto latest = std::max(x.repeat_of, x.differs_from); // of the versions of its message
  bool same = x.repeat_of != 0;
  for (const auto& key : x.what.keys) {
    std::vector<std::uint64_t> holders;
    for (rows found{sql_.claims_of, hash_of_key(key)}; found.next();) holders.push_back(found.count(0));
    const auto name = core::name_of_key(key);
    for (auto seq : holders)
      for (const auto& known : keys_of(seq)) { // two keys may share a hash: the event itself knows
        if (core::name_of_key(known) != name) continue;
        if (!edit || name == key) return true;
        if (seq < latest) continue;
        latest = seq;
        same = core::version_of_key(known) == core::version_of_key(key);
      }
  }
  return same;
}

void inbound_tables::guard(const std::vector<std::string>& keys, std::uint64_t seq) {
  for (const auto& key : keys) exec(sql_.claim, hash_of_key(key), seq);
}

void inbound_tables::unguard(const std::vector<std::string>& keys, std::uint64_t seq) {
  for (const auto& key : keys) exec(sql_.release, hash_of_key(key), seq);
}

std::uint64_t& inbound_tables::spilled_of(const std::string& session) {
  if (auto it = spilled_.find(session); it != spilled_.end()) return it->second;
  if (spilled_.size() >= most_counted_sessions) spilled_.clear();
  auto& count = spilled_[session];
  if (rows found{sql_.count_spilled, session}; found.next()) count = found.count(0);
  return count;
}

// -- prompts ---------------------------------------------------------------------------------------------

void inbound_tables::write(const prompt_kept& x, std::int64_t now, store_receipt&) {
  event_text_.clear();
  wire::append_kept(event_text_, x.what);
  constexpr std::uint64_t longest = 1ULL << 40; // ms: beyond any life, and no sum overflows
  exec(sql_.keep_prompt, prompt_key(x.what),
       now + static_cast<std::int64_t>(std::min(x.what.lifetime_ms, longest)), x.stage, x.numbered,
       event_text_);
}

void inbound_tables::write(const prompt_gone& x, std::int64_t, store_receipt&) {
  exec(sql_.drop_prompt, x.key);
}

} // namespace relay::store
