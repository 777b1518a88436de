#include "actors/core/inbox.hpp"

#include <algorithm>
#include <functional>

namespace relay::core {

namespace {

/// Lengths keep the parts apart, so that no choice of ids makes two events look alike.
std::string message_key(const inbound_event& x) {
  auto& s = x.source;
  auto key = std::to_string(s.platform.size()) + ":" + s.platform + std::to_string(s.chat_id.size()) + ":" +
             s.chat_id + ":" + x.message_id;
  // Every edit of a message comes under the message's own id; the text tells them apart.
  if (s.message_is_edit) return "e" + std::to_string(std::hash<std::string>{}(x.text)) + ":" + key;
  return "m" + key;
}

std::vector<std::string> keys_of(const inbound_event& event, const std::string& buffer_id) {
  std::vector<std::string> keys;
  if (!buffer_id.empty()) keys.push_back("b" + buffer_id);
  if (!event.message_id.empty()) keys.push_back(message_key(event));
  return keys;
}

} // namespace

bool inbox::known(const inbound_event& event, const std::string& buffer_id, instant now) {
  trim(now);
  auto keys = keys_of(event, buffer_id);
  return std::any_of(keys.begin(), keys.end(), [&](auto& key) { return keys_.count(key) > 0; });
}

void inbox::consume(const inbound_event& event, const std::string& buffer_id, instant now, inbox_step& out) {
  for (auto& key : keys_of(event, buffer_id))
    if (auto [it, fresh] = keys_.try_emplace(key); fresh)
      it->second.age = settled_.insert(settled_.end(), {now, key});
  if (!buffer_id.empty()) out.acks.push_back(buffer_id);
  trim(now);
}

arrival inbox::accept(const event_ref& event, const std::string& buffer_id, instant now, inbox_step& out,
                      bool held) {
  trim(now);
  auto keys = keys_of(*event, buffer_id);
  for (auto& key : keys) {
    auto it = keys_.find(key);
    if (it == keys_.end()) continue;
    auto open = it->second.open;
    if (open == 0) {
      if (!buffer_id.empty()) out.acks.push_back(buffer_id);
      return arrival::repeat_settled;
    }
    auto& x = entries_.at(open);
    for (auto& more : keys)
      if (keys_.try_emplace(more, key_state{open, settled_.end()}).second) x.keys.push_back(more);
    if (!buffer_id.empty() &&
        std::find(x.buffer_ids.begin(), x.buffer_ids.end(), buffer_id) == x.buffer_ids.end())
      x.buffer_ids.push_back(buffer_id);
    return arrival::repeat_open;
  }
  auto id = ++next_id_;
  out.fresh = id;
  entry x;
  x.event = event;
  x.held = x.was_held = held;
  if (!buffer_id.empty()) x.buffer_ids.push_back(buffer_id);
  for (auto& key : keys) keys_[key] = {id, settled_.end()};
  x.keys = std::move(keys);
  entries_.emplace(id, std::move(x));
  auto chat = event->chat();
  lanes_[chat].push_back(id);
  advance(chat, now, out);
  return arrival::fresh;
}

void inbox::advance(const chat_key& chat, instant now, inbox_step& out) {
  auto it = lanes_.find(chat);
  if (it == lanes_.end()) return;
  if (it->second.empty()) {
    lanes_.erase(it);
    return;
  }
  auto id = it->second.front();
  auto& x = entries_.at(id);
  if (!x.out && !x.held && anybody_) hand_out(id, x, now, out);
}

void inbox::ready(std::uint64_t id, std::vector<media_file> files, instant now, inbox_step& out) {
  auto it = entries_.find(id);
  if (it == entries_.end() || !it->second.held) return;
  it->second.held = false;
  it->second.files = std::move(files);
  advance(it->second.event->chat(), now, out);
}

void inbox::all_ready(instant now, inbox_step& out) {
  std::vector<std::uint64_t> ids;
  for (auto& [id, x] : entries_)
    if (x.held) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (auto id : ids) ready(id, {}, now, out);
}

void inbox::hand_out(std::uint64_t id, entry& x, instant now, inbox_step& out) {
  x.out = true;
  x.overdue = now + rules_.ack_timeout;
  ++in_flight_;
  deadlines_.emplace_back(x.overdue, id);
  out.deliver.push_back({id, x.event, x.attempts > 0, x.files});
  ++x.attempts;
}

bool inbox::acked(std::uint64_t id, instant now, inbox_step& out) {
  auto it = entries_.find(id);
  if (it == entries_.end() || it->second.attempts == 0) return false;
  settle(id, now, out);
  return true;
}

void inbox::settle(std::uint64_t id, instant now, inbox_step& out) {
  auto it = entries_.find(id);
  auto& x = it->second;
  if (x.out) --in_flight_;
  if (x.was_held) out.released.push_back(id);
  for (auto& buffer_id : x.buffer_ids) out.acks.push_back(std::move(buffer_id));
  for (auto& key : x.keys) {
    auto& state = keys_.at(key);
    state.open = 0;
    state.age = settled_.insert(settled_.end(), {now, key});
  }
  auto chat = x.event->chat();
  entries_.erase(it);
  lanes_.at(chat).pop_front(); // only the first of a chat is ever given out, so it is this one
  advance(chat, now, out);
  trim(now);
}

void inbox::give_again(std::uint64_t id, instant now, inbox_step& out) {
  auto& x = entries_.at(id);
  x.out = false;
  --in_flight_;
  if (x.attempts >= rules_.max_deliveries) { // it blocks its chat no longer
    dead_.push_back(x.event);
    if (dead_.size() > rules_.max_dead) dead_.pop_front();
    out.dead.emplace_back(id, x.event);
    settle(id, now, out); // a terminal decision is an ack (F32)
    return;
  }
  if (anybody_) hand_out(id, x, now, out);
}

void inbox::returned(std::uint64_t id, instant now, inbox_step& out) {
  auto it = entries_.find(id);
  if (it != entries_.end() && it->second.out) give_again(id, now, out);
}

void inbox::all_returned(instant now, inbox_step& out) {
  std::vector<std::uint64_t> ids;
  for (auto& [id, x] : entries_)
    if (x.out) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (auto id : ids) returned(id, now, out);
}

void inbox::presence(bool anybody, instant now, inbox_step& out) {
  if (anybody_ == anybody) return;
  anybody_ = anybody;
  if (!anybody_) return;
  std::vector<std::uint64_t> heads;
  for (auto& [chat, ids] : lanes_)
    if (!ids.empty() && !entries_.at(ids.front()).out && !entries_.at(ids.front()).held)
      heads.push_back(ids.front());
  std::sort(heads.begin(), heads.end()); // oldest first over all chats
  for (auto id : heads) hand_out(id, entries_.at(id), now, out);
}

void inbox::timer(instant now, inbox_step& out) {
  while (anybody_ && !deadlines_.empty() && deadlines_.front().first <= now) {
    auto [at, id] = deadlines_.front();
    deadlines_.pop_front();
    auto it = entries_.find(id);
    if (it != entries_.end() && it->second.out && it->second.overdue == at) give_again(id, now, out);
  }
  trim(now);
}

deadline inbox::due() {
  if (!anybody_) return {}; // nobody there to be late
  while (!deadlines_.empty()) {
    auto [at, id] = deadlines_.front();
    auto it = entries_.find(id);
    if (it != entries_.end() && it->second.out && it->second.overdue == at) return at;
    deadlines_.pop_front();
  }
  return {};
}

intake inbox::room() const {
  if (entries_.size() >= 2 * rules_.max_pending) return intake::stuffed;
  if (entries_.size() >= rules_.max_pending) return intake::full;
  return intake::open;
}

void inbox::trim(instant now) {
  while (!settled_.empty() &&
         (settled_.size() > rules_.dedupe_entries || now - settled_.front().first >= rules_.dedupe_window)) {
    keys_.erase(settled_.front().second);
    settled_.pop_front();
  }
}

} // namespace relay::core
