// What comes back of the way in.
#include "relay_gateway/app/store/tables/inbound_tables.hpp"
#include "relay_gateway/messages/wire/records.hpp"

#include <algorithm>
#include <utility>

namespace relay::store {

namespace {

/// A recall ends with the event that makes it this long.
constexpr std::size_t bytes_of_recall = 1UL << 20;

bool read_event(rows& from, int marks, int payload, event_ref& out, std::string& why) {
  inbound_event x;
  if (!wire::read_kept_event(from.text(payload), static_cast<std::uint8_t>(from.number(marks)), x, why))
    return false;
  out = event_ref{std::move(x)};
  return true;
}

/// Where it belongs is known, and its text as far as there is one: somebody has to look at it.
event_ref unreadable(const chat_key& chat, discriminators who, std::string parent, std::string text) {
  inbound_event x;
  x.source.platform = chat.platform;
  x.source.chat_id = chat.chat_id;
  x.source.scope_id = std::move(who.scope_id);
  x.source.user_id = std::move(who.user_id);
  x.source.profile = std::move(who.profile);
  x.source.parent_chat_id = std::move(parent);
  x.raw = std::move(text);
  return event_ref{std::move(x)};
}

} // namespace

inbound_image inbound_tables::load(std::int64_t now) {
  inbound_image out;
  out.instance = instance_;
  load_events(out, now);
  load_prompts(out, now);
  SQLite::Statement spilled{file_, "SELECT count(*) FROM spill"}, dead{file_, "SELECT count(*) FROM dead"};
  if (rows found{spilled}; found.next()) out.spilled = found.count(0);
  if (rows found{dead}; found.next()) out.dead = found.count(0);
  SQLite::Statement lines{file_, "SELECT seq FROM dead WHERE marks & ? ORDER BY seq"};
  for (rows found{lines, static_cast<std::uint64_t>(wire::event_mark::unreadable)}; found.next();)
    out.unreadable.push_back(found.count(0));
  out.last_seq = last_seq_;
  return out;
}

void inbound_tables::load_events(inbound_image& out, std::int64_t now) {
  std::vector<std::pair<std::uint64_t, std::string>> bad;
  SQLite::Statement all{file_,
                        "SELECT seq,settled_at,attempts,marks,keys,payload,session FROM event ORDER BY seq"};
  for (rows found{all}; found.next();) {
    stored_event x;
    x.seq = found.count(0);
    wire::read_kept(found.text(4), x.keys);
    if (!found.null(1)) {
      auto age = retention::age_ms(found.number(1), now);
      if (age > settled_.window_ms()) continue;
      for (auto& key : x.keys)
        out.settled.push_back({std::move(key), static_cast<std::uint64_t>(age), x.seq});
      continue;
    }
    x.attempts = static_cast<std::uint32_t>(found.number(2));
    x.session = found.text(6);
    std::string why;
    if (read_event(found, 3, 5, x.event, why))
      out.open.push_back(std::move(x));
    else
      bad.emplace_back(x.seq, std::move(why));
  }
  std::stable_sort(out.settled.begin(), out.settled.end(),
                   [](auto& a, auto& b) { return a.age_ms > b.age_ms; });
  for (auto& [seq, why] : bad) set_unreadable_aside(seq, why, now);
}

void inbound_tables::load_prompts(inbound_image& out, std::int64_t now) {
  SQLite::Statement all{file_, "SELECT ord,until,stage,numbered,body,id FROM prompt ORDER BY ord"};
  std::vector<std::pair<std::int64_t, std::string>> older; // written when the id alone was the key
  for (rows found{all}; found.next();) {
    prompt_kept x;
    if (!wire::read_kept(found.text(4), x.what)) {
      tell_("prompt", found.count(0), "it is no prompt");
      continue;
    }
    x.what.lifetime_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(found.number(1) - now, 0));
    x.stage = static_cast<std::uint8_t>(found.number(2));
    x.numbered = found.number(3) != 0;
    if (auto key = prompt_key(x.what); key != found.text(5))
      older.emplace_back(found.number(0), std::move(key));
    out.prompts.push_back(std::move(x));
  }
  SQLite::Statement rename{file_, "UPDATE OR REPLACE prompt SET id=? WHERE ord=?"};
  for (const auto& [ord, key] : older) exec(rename, key, ord);
}

void inbound_tables::set_unreadable_aside(std::uint64_t seq, const std::string& why, std::int64_t now) {
  exec(sql_.drop_dead_letter, seq, now);
  settle(seq, keys_of(seq), now);
  tell_("event", seq, why);
}

std::vector<route_seen> inbound_tables::turns(std::int64_t now) {
  std::vector<route_seen> out;
  SQLite::Statement all{
      file_, "SELECT seq,settled_at,platform,chat_id,scope_id,user_id,profile,parent,"
             "thread_id,message_id,chat_type,opens_thread FROM event WHERE platform<>'' ORDER BY seq"};
  for (rows found{all}; found.next();) {
    if (!found.null(1) && retention::age_ms(found.number(1), now) > settled_.window_ms()) continue;
    out.push_back({delivery_name(instance_, found.count(0)),
                   {found.text(2), found.text(3)},
                   {found.text(4), found.text(5), found.text(6)},
                   found.text(7),
                   found.text(8),
                   found.text(9),
                   found.text(10),
                   {},
                   found.text(11)});
  }
  return out;
}

recalled_events inbound_tables::recall(const std::string& session, std::size_t limit, std::int64_t now) {
  recalled_events out{session, {}, 0};
  std::vector<std::pair<std::uint64_t, std::string>> bad;
  std::vector<std::uint64_t> taken;
  auto left = spilled_of(session);
  std::size_t bytes = 0;
  for (rows found{sql_.oldest_spilled, session, limit}; bytes < bytes_of_recall && found.next();) {
    stored_event x;
    x.seq = found.count(0);
    x.session = session;
    x.attempts = static_cast<std::uint32_t>(found.number(1));
    wire::read_kept(found.text(3), x.keys);
    taken.push_back(x.seq);
    std::string why;
    bytes += found.text(4).size();
    if (read_event(found, 2, 4, x.event, why))
      out.events.push_back(std::move(x));
    else
      bad.emplace_back(x.seq, std::move(why));
  }
  for (auto seq : taken) {
    exec(sql_.unspill, seq);
    exec(sql_.drop_spill, seq);
  }
  for (auto& [seq, why] : bad) set_unreadable_aside(seq, why, now);
  out.left = left - std::min<std::uint64_t>(left, taken.size());
  spilled_of(session) = out.left;
  return out;
}

spill_page inbound_tables::scan(std::uint64_t after_seq, std::size_t limit) {
  spill_page out;
  out.end = true;
  for (rows found{sql_.page_of_spill, after_seq, limit + 1}; found.next();) {
    if (out.events.size() == limit) {
      out.end = false;
      break;
    }
    out.events.push_back({found.count(0), found.text(1)});
  }
  return out;
}

std::vector<dead_letter> inbound_tables::dead_letters(std::uint64_t after_seq, std::size_t limit,
                                                      std::int64_t now) {
  std::vector<dead_letter> out;
  SQLite::Statement some{file_, "SELECT seq,at,attempts,marks,payload,platform,chat_id,scope_id,user_id,"
                                "profile,parent FROM dead WHERE seq>? ORDER BY seq LIMIT ?"};
  for (rows found{some, after_seq, limit}; found.next();) {
    dead_letter x;
    x.seq = found.count(0);
    x.delivery_id = delivery_name(instance_, x.seq);
    x.attempts = static_cast<std::uint32_t>(found.number(2));
    x.age_ms = static_cast<std::uint64_t>(retention::age_ms(found.number(1), now));
    if (std::string why; !read_event(found, 3, 4, x.event, why))
      x.event = unreadable({found.text(5), found.text(6)}, {found.text(7), found.text(8), found.text(9)},
                           found.text(10), found.text(4));
    out.push_back(std::move(x));
  }
  return out;
}

} // namespace relay::store
