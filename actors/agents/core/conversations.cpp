#include "relay_gateway/actors/agents/core/conversations.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace relay::core {

bool conversations::has_room(const std::string& session) const {
  const auto it = all_.find(session);
  return it == all_.end() || it->second.what.open.size() <= bounds_.waiting;
}

bool conversations::has(const std::string& session, const std::string& delivery_id) const {
  const auto it = all_.find(session);
  if (it == all_.end()) return false;
  const auto& open = it->second.what.open;
  return std::any_of(open.begin(), open.end(), [&](const auto& x) { return x.delivery_id == delivery_id; });
}

bool conversations::is_known(const std::string& session) const {
  const auto it = all_.find(session);
  return it != all_.end() && it->second.known;
}

conversation* conversations::find(const std::string& session) {
  const auto it = all_.find(session);
  return it == all_.end() ? nullptr : &it->second.what;
}

bool conversations::runs(const std::string& session) const {
  const auto it = all_.find(session);
  return it != all_.end() && it->second.running;
}

void conversations::add(const std::string& session, open_question x) {
  auto& mine = all_[session];
  unrest(mine);
  mine.what.open.push_back(std::move(x));
  ++questions_;
  enqueue(session, mine);
}

void conversations::loaded(const std::string& session, conversation stored) {
  auto& mine = all_[session];
  if (std::exchange(mine.known, true)) return;
  unrest(mine);
  std::erase_if(stored.open, [&](const auto& x) { return has(session, x.delivery_id); });
  questions_ += stored.open.size();
  mine.what.past = std::move(stored.past);
  mine.what.open.insert(mine.what.open.begin(), std::make_move_iterator(stored.open.begin()),
                        std::make_move_iterator(stored.open.end()));
  trim(mine.what);
  enqueue(session, mine);
}

void conversations::enqueue(const std::string& session, entry& x) {
  if (x.what.open.empty()) return rest(session, x);
  if (!x.known || x.running || std::exchange(x.queued, true)) return;
  ready_.push_back(session);
}

std::vector<std::string> conversations::start() {
  std::vector<std::string> out;
  for (; !ready_.empty() && running_ < bounds_.running; ready_.pop_front()) {
    const auto it = all_.find(ready_.front());
    if (it == all_.end() || !std::exchange(it->second.queued, false)) continue;
    if (it->second.what.open.empty()) continue;
    it->second.running = true;
    ++running_;
    out.push_back(it->first);
  }
  return out;
}

void conversations::finished(const std::string& session, const std::string& remembered) {
  const auto it = all_.find(session);
  if (it == all_.end() || !std::exchange(it->second.running, false)) return;
  --running_;
  --questions_;
  auto& mine = it->second.what;
  auto asked = std::move(mine.open.front().asked);
  mine.open.erase(mine.open.begin());
  if (!remembered.empty()) mine.past.push_back({std::move(asked), remembered});
  trim(mine);
  enqueue(session, it->second);
}

void conversations::drop_waiting(const std::string& session) {
  const auto it = all_.find(session);
  if (it == all_.end()) return;
  auto& open = it->second.what.open;
  const std::size_t left = it->second.running ? 1 : 0;
  if (open.size() <= left) return;
  questions_ -= open.size() - left;
  open.resize(left);
  it->second.queued = false;
  enqueue(session, it->second);
}

bool conversations::forget(const std::string& session) {
  auto* mine = find(session);
  if (mine == nullptr || mine->past.empty()) return false;
  mine->past.clear();
  return true;
}

void conversations::trim(conversation& x) const {
  std::size_t bytes = 0, kept = 0;
  for (auto it = x.past.rbegin(); it != x.past.rend() && kept < bounds_.exchanges; ++it, ++kept) {
    bytes += it->asked.size() + it->answered.size();
    if (bytes > bounds_.bytes) break;
  }
  x.past.erase(x.past.begin(), x.past.end() - static_cast<std::ptrdiff_t>(kept));
}

std::size_t conversations::cost_of(const conversation& x) {
  constexpr std::size_t around = 256;
  std::size_t out = around;
  for (const auto& one : x.past) out += sizeof one + one.asked.size() + one.answered.size();
  return out;
}

/// Nothing is to be answered: it may be forgotten when there are too many.
void conversations::rest(const std::string& session, entry& x) {
  if (x.running) return;
  unrest(x);
  x.idle = true;
  x.bytes = cost_of(x.what) + 2 * session.size();
  idle_bytes_ += x.bytes;
  x.age = idle_.insert(idle_.end(), session);
  while (idle_.size() > bounds_.sessions || (idle_bytes_ > bounds_.total && idle_.size() > 1)) {
    const auto oldest = all_.find(idle_.front());
    unrest(oldest->second);
    all_.erase(oldest);
  }
}

void conversations::unrest(entry& x) {
  if (!std::exchange(x.idle, false)) return;
  idle_bytes_ -= x.bytes;
  idle_.erase(x.age);
}

} // namespace relay::core
