#include "relay_gateway/actors/agents/core/conversations.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace relay::core {

bool conversations::has_room(const std::string& session) const {
  const auto* known = all_.find(session);
  return known == nullptr || known->value.what.open.size() <= bounds_.waiting;
}

bool conversations::has(const std::string& session, const std::string& delivery_id) const {
  const auto* known = all_.find(session);
  if (known == nullptr) return false;
  const auto& open = known->value.what.open;
  return std::any_of(open.begin(), open.end(), [&](const auto& x) { return x.delivery_id == delivery_id; });
}

bool conversations::is_known(const std::string& session) const {
  const auto* known = all_.find(session);
  return known != nullptr && known->value.known;
}

conversation* conversations::find(const std::string& session) {
  auto* known = all_.find(session);
  return known == nullptr ? nullptr : &known->value.what;
}

bool conversations::runs(const std::string& session) const {
  const auto* known = all_.find(session);
  return known != nullptr && known->value.running;
}

void conversations::add(const std::string& session, open_question x) {
  auto& mine = all_.put(session);
  unrest(mine);
  mine.value.what.open.push_back(std::move(x));
  ++questions_;
  enqueue(mine);
}

void conversations::loaded(const std::string& session, conversation stored) {
  auto& mine = all_.put(session);
  if (std::exchange(mine.value.known, true)) return;
  unrest(mine);
  std::erase_if(stored.open, [&](const auto& x) { return has(session, x.delivery_id); });
  questions_ += stored.open.size();
  auto& what = mine.value.what;
  what.past = std::move(stored.past);
  what.open.insert(what.open.begin(), std::make_move_iterator(stored.open.begin()),
                   std::make_move_iterator(stored.open.end()));
  trim(what);
  enqueue(mine);
}

void conversations::enqueue(entry& x) {
  auto& mine = x.value;
  if (mine.what.open.empty()) return rest(x);
  if (!mine.known || mine.running || std::exchange(mine.queued, true)) return;
  ready_.push_back(x.key());
}

std::vector<std::string> conversations::start() {
  std::vector<std::string> out;
  for (; !ready_.empty() && running_ < bounds_.running; ready_.pop_front()) {
    auto* known = all_.find(ready_.front());
    if (known == nullptr || !std::exchange(known->value.queued, false)) continue;
    if (known->value.what.open.empty()) continue;
    known->value.running = true;
    ++running_;
    out.push_back(known->key());
  }
  return out;
}

void conversations::finished(const std::string& session, const std::string& remembered) {
  auto* known = all_.find(session);
  if (known == nullptr || !std::exchange(known->value.running, false)) return;
  --running_;
  --questions_;
  auto& mine = known->value.what;
  auto asked = std::move(mine.open.front().asked);
  mine.open.erase(mine.open.begin());
  if (!remembered.empty()) mine.past.push_back({std::move(asked), remembered});
  trim(mine);
  enqueue(*known);
}

void conversations::drop_waiting(const std::string& session) {
  auto* known = all_.find(session);
  if (known == nullptr) return;
  auto& open = known->value.what.open;
  const std::size_t left = known->value.running ? 1 : 0;
  if (open.size() <= left) return;
  questions_ -= open.size() - left;
  open.resize(left);
  known->value.queued = false;
  enqueue(*known);
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
void conversations::rest(entry& x) {
  if (x.value.running) return;
  unrest(x);
  x.value.idle_bytes = cost_of(x.value.what) + 2 * x.key().size();
  idle_bytes_ += x.value.idle_bytes;
  all_.touch(x);
  while (all_.aged() > bounds_.sessions || (idle_bytes_ > bounds_.total && all_.aged() > 1)) {
    auto& oldest = *all_.oldest();
    unrest(oldest);
    all_.erase(oldest);
  }
}

void conversations::unrest(entry& x) {
  idle_bytes_ -= std::exchange(x.value.idle_bytes, 0);
  all_.leave(x);
}

} // namespace relay::core
