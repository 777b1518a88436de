#include "relay_gateway/app/store/tables/key_upgrade.hpp"

#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/app/store/tables/sql.hpp"
#include "relay_gateway/messages/fnv.hpp"
#include "relay_gateway/messages/wire/records.hpp"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace relay::store {

namespace {

using strings = std::vector<std::string>;

/// Takes `<length>:<that many bytes>` off the front.
bool take_part(std::string_view& from, std::string_view& part) {
  std::size_t size = 0;
  const auto [end, fault] = std::from_chars(from.data(), from.data() + from.size(), size);
  const auto begin = static_cast<std::size_t>(end - from.data()) + 1;
  if (fault != std::errc{} || begin > from.size() || size > from.size() - begin) return false;
  part = from.substr(begin, size);
  from.remove_prefix(begin + size);
  return true;
}

/// Where an old key belongs, as far as the key itself does not say it.
struct belonging {
  std::string profile, user_id;
};

/// `m<platform><chat>:<message id>`, of an edit `e<hash>:` instead of the `m`. Empty: it is none of these.
std::string upgraded(std::string_view old, const belonging& to) {
  if (old.empty() || (old.front() != 'm' && old.front() != 'e')) return {};
  if (old.front() == 'e') {
    const auto colon = old.find(':');
    if (colon == old.npos) return {};
    old.remove_prefix(colon);
  }
  old.remove_prefix(1);
  std::string_view platform, chat;
  if (!take_part(old, platform) || !take_part(old, chat) || old.empty()) return {};
  old.remove_prefix(1);
  return core::message_key(platform, to.profile, chat.empty() ? std::string_view{to.user_id} : chat, old);
}

strings upgraded_keys(rows& found) {
  if (!found.null(5)) { // its event tells everything
    inbound_event event;
    std::string why;
    if (wire::read_kept_event(found.text(5), static_cast<std::uint8_t>(found.number(4)), event, why))
      return core::keys_of(event, {});
  }
  strings old, out;
  wire::read_kept(found.text(1), old);
  for (const auto& key : old)
    if (auto now = upgraded(key, {found.text(2), found.text(3)}); !now.empty()) out.push_back(std::move(now));
  return out;
}

void upgrade_table(SQLite::Database& file, const std::string& table) {
  SQLite::Statement page{file, "SELECT seq,keys,profile,user_id,marks,payload FROM " + table +
                                   " WHERE seq>? ORDER BY seq LIMIT 500"};
  SQLite::Statement set{file, "UPDATE " + table + " SET keys=?2 WHERE seq=?1"};
  std::int64_t last = -1;
  for (;;) {
    std::vector<std::pair<std::int64_t, std::string>> changed;
    for (rows found{page, last}; found.next();) {
      std::string text;
      wire::append_kept(text, upgraded_keys(found));
      changed.emplace_back(found.number(0), std::move(text));
    }
    if (changed.empty()) return;
    for (const auto& [seq, text] : changed) exec(set, seq, text);
    last = changed.back().first;
  }
}

} // namespace

/// FNV-1a, then mixed.
std::int64_t hash_of_key(std::string_view key) {
  return static_cast<std::int64_t>(mixed(fnv1a(core::name_of_key(key))));
}

void upgrade_keys(SQLite::Database& file) {
  std::vector<std::int64_t> guarded;
  {
    SQLite::Statement all{file, "SELECT DISTINCT seq FROM claim"};
    for (rows found{all}; found.next();) guarded.push_back(found.number(0));
  }
  for (const auto* table : {"event", "spill"}) upgrade_table(file, table);
  file.exec("DELETE FROM claim");
  SQLite::Statement keys_of{
      file, "SELECT keys FROM spill WHERE seq=?1 UNION ALL SELECT keys FROM event WHERE seq=?1"};
  SQLite::Statement claim{file, "INSERT OR IGNORE INTO claim VALUES(?,?)"};
  for (const auto seq : guarded) {
    strings keys;
    if (rows found{keys_of, seq}; found.next()) wire::read_kept(found.text(0), keys);
    for (const auto& key : keys) exec(claim, hash_of_key(key), seq);
  }
}

} // namespace relay::store
