#include "relay_gateway/actors/inbound/core/attachment_cache.hpp"

#include "relay_gateway/messages/wire/http/urls.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace relay::core {

void attachment_cache::go_by(const media_rules& rules, instant now, media_step& out) {
  rules_ = rules;
  pump(now, out);
}

void attachment_cache::wanted(const media_wanted& x, const std::string& base, instant now, media_step& out) {
  auto [it, fresh] = events_.try_emplace(x.delivery_id);
  if (!fresh) { // its files are there, or on their way to somebody else
    out.ready.emplace_back(x.delivery_id, media_ready{});
    return;
  }
  auto& entry = it->second;
  entry.until = now + rules_.patience;
  entry.before = x.before;
  for (auto& url : x.urls) {
    if (!wire::is_own_media(url, base)) continue;
    item one;
    one.file.url = url;
    if (entry.items.size() >= rules_.max_items) {
      one.file.error = "not fetched: the event has too many attachments";
      one.over = true;
    } else {
      waiting_.push_back({x.delivery_id, entry.items.size()});
      ++entry.open;
    }
    entry.items.push_back(std::move(one));
  }
  if (entry.open == 0) settle(x.delivery_id, entry, out);
  pump(now, out);
}

void attachment_cache::pump(instant now, media_step& out) {
  if (not_before_ && now < *not_before_) return;
  while (!waiting_.empty() && calls_.size() < rules_.max_at_once &&
         bytes_ + (calls_.size() + 1) * rules_.max_bytes <= rules_.max_total) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    auto it = events_.find(next.delivery);
    if (it == events_.end() || it->second.items[next.index].over) continue;
    auto left = std::chrono::duration_cast<milliseconds>(it->second.until - now);
    if (left < milliseconds{1}) continue; // its timer is about to say so
    auto call = ++next_call_;
    out.start.push_back(
        {call, next.delivery, it->second.items[next.index].file.url, it->second.before, left});
    calls_.emplace(call, std::move(next));
  }
}

void attachment_cache::fetched(std::uint64_t call, std::string path, std::uint64_t bytes, std::string error,
                               instant now, media_step& out, milliseconds wait) {
  auto it = calls_.find(call);
  if (it == calls_.end()) return;
  auto where = std::move(it->second);
  calls_.erase(it);
  auto found = where.delivery.empty() ? events_.end() : events_.find(where.delivery);
  if (wait.count() > 0) not_before_ = now + wait;
  if (found != events_.end() && path.empty() && wait.count() > 0 && now + wait < found->second.until) {
    waiting_.push_front(std::move(where));
    return;
  }
  if (found == events_.end()) {
    if (path.empty() || (where.aside && in_use(path))) {
      // nothing came, or who wanted it again was faster
    } else if (where.aside) {
      aside_.insert_or_assign(std::move(path), now + rules_.patience);
    } else {
      out.remove.push_back(std::move(path));
    }
  } else {
    aside_.erase(path);
    auto& x = found->second.items[where.index];
    x.over = true;
    x.bytes = bytes;
    x.file.error = path.empty() && error.empty() ? "not fetched" : std::move(error);
    x.file.path = std::move(path);
    if (!x.file.path.empty()) bytes_ += bytes;
    if (--found->second.open == 0) settle(where.delivery, found->second, out);
  }
  pump(now, out);
}

void attachment_cache::settle(const std::string& delivery_id, event& x, media_step& out) {
  media_ready all;
  for (auto& one : x.items) all.files.push_back(one.file);
  x.open = 0;
  out.ready.emplace_back(delivery_id, std::move(all));
  drop_dead_letter(std::exchange(x.before, {}), out); // its files have the new name, or nobody comes for them
}

void attachment_cache::released(const std::string& delivery_id, instant now, media_step& out) {
  auto it = events_.find(delivery_id);
  if (it == events_.end()) return;
  for (auto& x : it->second.items) {
    if (x.file.path.empty()) continue;
    bytes_ -= x.bytes;
    out.remove.push_back(std::move(x.file.path));
  }
  close(it, out);
  pump(now, out);
}

void attachment_cache::close(std::map<std::string, event>::iterator it, media_step& out) {
  for (auto& [call, where] : calls_)
    if (where.delivery == it->first) where.delivery.clear();
  // The same delivery may be wanted again, with other files.
  std::erase_if(waiting_, [&](const place& x) { return x.delivery == it->first; });
  drop_dead_letter(it->second.before, out);
  events_.erase(it);
}

void attachment_cache::kept(const std::string& delivery_id, instant now, media_step& out) {
  auto it = events_.find(delivery_id);
  if (it == events_.end()) return;
  dead_letter_files all{delivery_id, {}, 0, now + rules_.dead_letters_stay};
  for (auto& x : it->second.items) {
    if (x.file.path.empty()) continue;
    all.bytes += x.bytes;
    all.paths.push_back(std::move(x.file.path));
  }
  close(it, out);
  dead_letter_bytes_ += all.bytes;
  if (!all.paths.empty()) dead_letters_.push_back(std::move(all));
  while (dead_letter_bytes_ > rules_.max_total / 4) drop_dead_letter(dead_letters_.begin(), out);
  pump(now, out);
}

void attachment_cache::forgotten(const std::string& delivery_id, instant now, media_step& out) {
  drop_dead_letter(delivery_id, out);
  pump(now, out);
}

void attachment_cache::drop_dead_letter(const std::deque<dead_letter_files>::iterator& it, media_step& out) {
  bytes_ -= it->bytes;
  dead_letter_bytes_ -= it->bytes;
  auto paths = std::move(it->paths);
  dead_letters_.erase(it); // its own claim ends first
  for (auto& path : paths)
    if (!in_use(path)) out.remove.push_back(std::move(path));
}

void attachment_cache::drop_dead_letter(const std::string& delivery_id, media_step& out) {
  if (delivery_id.empty()) return;
  auto it = std::find_if(dead_letters_.begin(), dead_letters_.end(),
                         [&](auto& x) { return x.delivery == delivery_id; });
  if (it != dead_letters_.end()) drop_dead_letter(it, out);
}

void attachment_cache::set_aside(instant now, media_step& out) {
  media_step files;
  auto kept = std::exchange(dead_letters_, {}); // theirs is another time
  all_released(now, files);
  dead_letters_ = std::move(kept);
  for (auto& path : files.remove) aside_.insert_or_assign(std::move(path), now + rules_.patience);
  files.remove.clear();
  out = std::move(files);
  for (auto& [call, where] : calls_) where.aside = true;
}

bool attachment_cache::in_use(const std::string& path) const {
  for (auto& [id, x] : events_)
    for (auto& one : x.items)
      if (one.file.path == path) return true;
  return std::any_of(dead_letters_.begin(), dead_letters_.end(), [&](auto& x) {
    return std::find(x.paths.begin(), x.paths.end(), path) != x.paths.end();
  });
}

void attachment_cache::all_released(instant now, media_step& out) {
  waiting_.clear();
  while (!events_.empty()) {
    auto id = events_.begin()->first;
    released(id, now, out);
  }
  while (!dead_letters_.empty()) drop_dead_letter(dead_letters_.begin(), out);
}

void attachment_cache::timer(instant now, media_step& out) {
  for (auto& [id, x] : events_) {
    if (x.open == 0 || x.until > now) continue;
    for (std::size_t i = 0; i < x.items.size(); ++i) {
      auto& one = x.items[i];
      if (one.over) continue;
      one.over = true;
      one.file.error = "not fetched in time";
      for (auto& [call, where] : calls_)
        if (where.delivery == id && where.index == i) where.delivery.clear();
    }
    settle(id, x, out);
  }
  if (not_before_ && *not_before_ <= now) not_before_.reset();
  while (!dead_letters_.empty() && dead_letters_.front().until <= now)
    drop_dead_letter(dead_letters_.begin(), out);
  std::erase_if(aside_, [&](auto& x) {
    auto over = x.second <= now;
    if (over) out.remove.push_back(x.first);
    return over;
  });
  pump(now, out);
}

deadline attachment_cache::due() const {
  deadline at;
  for (auto& [id, x] : events_)
    if (x.open > 0) at = earlier(at, x.until);
  for (auto& [path, until] : aside_) at = earlier(at, until);
  if (!dead_letters_.empty()) at = earlier(at, dead_letters_.front().until);
  if (not_before_ && !waiting_.empty()) at = earlier(at, *not_before_);
  return at;
}

std::vector<std::string> media_urls(const inbound_event& x) {
  std::vector<std::string> out;
  auto add = [&](const std::string& url) {
    if (std::find(out.begin(), out.end(), url) == out.end()) out.push_back(url);
  };
  for (auto& url : x.media_urls) add(url);
  for (auto& item : x.media) add(item.url);
  return out;
}

std::string mime_of(const std::string& path) {
  constexpr std::array<std::pair<std::string_view, const char*>, 20> known{{
      {"jpg", "image/jpeg"},      {"jpeg", "image/jpeg"},     {"png", "image/png"},
      {"gif", "image/gif"},       {"webp", "image/webp"},     {"svg", "image/svg+xml"},
      {"mp4", "video/mp4"},       {"mov", "video/quicktime"}, {"webm", "video/webm"},
      {"mp3", "audio/mpeg"},      {"m4a", "audio/mp4"},       {"ogg", "audio/ogg"},
      {"oga", "audio/ogg"},       {"opus", "audio/ogg"},      {"wav", "audio/wav"},
      {"pdf", "application/pdf"}, {"zip", "application/zip"}, {"json", "application/json"},
      {"txt", "text/plain"},      {"csv", "text/csv"},
  }};
  auto dot = path.find_last_of("./");
  std::string end;
  if (dot != std::string::npos && path[dot] == '.') end = path.substr(dot + 1);
  for (char& c : end)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  for (auto& [name, type] : known)
    if (end == name) return type;
  return "application/octet-stream";
}

} // namespace relay::core
