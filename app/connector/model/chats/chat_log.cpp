#include "relay_gateway/app/connector/model/chats/chat_log.hpp"

#include "relay_gateway/app/connector/json.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace relay::connector {

namespace {

constexpr std::size_t max_chats = 2000, max_entries = 300, max_sessions = 20'000;

std::string as_json(const chat_entry& x) {
  json::fields out;
  out.add("id", x.id)
      .add("time", x.time_ms)
      .add("bot", x.from_bot)
      .add("author", x.author)
      .add("text", x.text);
  out.add("form", x.form).add("edited", x.edited).add("removed", x.removed).maybe("reply_to", x.reply_to);
  out.maybe("media_kind", x.media_kind).maybe("media_name", x.media_name);
  if (x.form == "prompt") {
    json::items choices;
    for (const auto& [id, label] : x.choices)
      choices.raw(json::fields{}.add("id", id).add("label", label).object());
    out.raw("choices", choices.array()).add("chosen", x.chosen);
  }
  if (!x.reactions.empty()) out.add("reactions", x.reactions);
  return out.object();
}

} // namespace

chat& chat_log::at(const chat_key& key) {
  auto [it, fresh] = chats_.try_emplace({key.platform, key.chat_id});
  if (fresh) {
    it->second.key = key;
    it->second.next_id = first_id_;
    it->second.version = ++version_;
    if (chats_.size() > max_chats) {
      auto oldest = std::min_element(chats_.begin(), chats_.end(), [](const auto& a, const auto& b) {
        return a.second.version < b.second.version;
      });
      chats_.erase(oldest);
    }
  }
  return it->second;
}

chat* chat_log::find(const chat_key& key) {
  auto it = chats_.find({key.platform, key.chat_id});
  return it == chats_.end() ? nullptr : &it->second;
}

void chat_log::bind_session(const std::string& session_key, const chat_key& where) {
  sessions_[session_key] = where;
  // Bindings of chats that were forgotten are of no use; there are never many more of them than chats.
  if (sessions_.size() <= max_sessions) return;
  for (auto it = sessions_.begin(); it != sessions_.end();)
    it = find(it->second) ? std::next(it) : sessions_.erase(it);
  if (sessions_.size() > max_sessions) sessions_.erase(sessions_.begin());
}

chat* chat_log::find_session(const std::string& session_key) {
  auto it = sessions_.find(session_key);
  return it == sessions_.end() ? nullptr : find(it->second);
}

std::string chat_log::new_id(chat& in) { return std::to_string(in.next_id++); }

chat_entry& chat_log::add(chat& in, chat_entry x) {
  in.entries.push_back(std::move(x));
  if (in.entries.size() > max_entries) in.entries.pop_front();
  touch(in, in.entries.back());
  return in.entries.back();
}

chat_entry* chat_log::entry(chat& in, std::string_view id) {
  for (auto it = in.entries.rbegin(); it != in.entries.rend(); ++it)
    if (it->id == id) return &*it;
  return nullptr;
}

bool chat_log::plausible(const chat& in, std::string_view id) const {
  auto known = [&](const chat_entry& x) { return x.id == id; };
  if (std::any_of(in.entries.begin(), in.entries.end(), known)) return true;
  std::uint64_t n = 0;
  auto [end, bad] = std::from_chars(id.data(), id.data() + id.size(), n);
  return bad == std::errc{} && end == id.data() + id.size() && n < in.next_id;
}

void chat_log::touch(chat& in) { in.version = ++version_; }

void chat_log::touch(chat& in, chat_entry& x) { x.version = in.version = ++version_; }

std::string chat_log::changes(std::uint64_t since, std::int64_t now_ms) const {
  json::items all;
  for (const auto& [key, x] : chats_) {
    if (x.version <= since) continue;
    json::items entries;
    for (const auto& one : x.entries)
      if (one.version > since) entries.raw(as_json(one));
    json::fields out;
    out.add("platform", x.key.platform).add("chat_id", x.key.chat_id).add("type", x.type).add("name", x.name);
    out.maybe("parent_chat_id", x.parent_chat_id);
    out.add("typing_ms", std::max<std::int64_t>(0, x.typing_until_ms - now_ms))
        .raw("entries", entries.array());
    all.raw(out.object());
  }
  return all.array();
}

} // namespace relay::connector
